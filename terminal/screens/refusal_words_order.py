"""What refusals say about points, coupons and passes in an order. Words only, a part of `refusal_words`."""

from collections.abc import Mapping
from typing import Final

from stored_value.refusals import RefusalCode
from terminal.language import later

Said = tuple[str, str, str]

ORDER: Final[Mapping[RefusalCode, Said]] = {
    RefusalCode.POINTS_TOO_FEW: (
        later("Too few points"),
        later("The member has {points} points, {short} too few."),
        later("Choose something smaller."),
    ),
    RefusalCode.REWARD_UNKNOWN: (
        later("No such reward"),
        later("Head office has changed what points buy."),
        later("Choose another reward."),
    ),
    RefusalCode.POINTS_PAY_NOTHING: (
        later("Points do not pay here"),
        later("The {points} points are worth no money under the rules."),
        later("Leave the points out."),
    ),
    RefusalCode.POINTS_BEYOND_SHARE: (
        later("Too many points for this order"),
        later("Points may pay {at_most} of it; these are worth {worth}."),
        later("Use fewer points."),
    ),
    RefusalCode.COUPON_UNKNOWN: (
        later("Coupon not found"),
        later("The member has no such coupon, or it is no longer offered."),
        later("Choose another coupon."),
    ),
    RefusalCode.COUPON_USED: (
        later("Coupon used already"),
        later("Coupon {coupon} counts once."),
        later("Choose another coupon."),
    ),
    RefusalCode.COUPON_NOT_YET: (
        later("Coupon not valid yet"),
        later("Coupon {coupon} is valid from {from}."),
        later("Choose another coupon, or come back then."),
    ),
    RefusalCode.COUPON_EXPIRED: (
        later("Coupon expired"),
        later("Coupon {coupon} was valid until {until}."),
        later("Choose another coupon."),
    ),
    RefusalCode.COUPON_OUT_OF_SCOPE: (
        later("Coupon does not fit this order"),
        later("Coupon {coupon} is for other items."),
        later("Choose another coupon."),
    ),
    RefusalCode.COUPON_BELOW_MINIMUM: (
        later("Order too small for this coupon"),
        later("Coupon {coupon} asks for {minimum}; {short} is missing."),
        later("Add an item, or leave the coupon out."),
    ),
    RefusalCode.COUPON_STANDS_ALONE: (
        later("Coupon cannot be combined"),
        later("Coupon {coupon} stands beside no other."),
        later("Use one coupon only."),
    ),
    RefusalCode.PASS_UNKNOWN: (
        later("Pass not found"),
        later("The member has no such pass, or it is no longer offered."),
        later("Choose another pass, or take payment."),
    ),
    RefusalCode.PASS_NOT_YET: (
        later("Pass not valid yet"),
        later("Pass {pass} is valid from {from}."),
        later("Choose another pass, or take payment."),
    ),
    RefusalCode.PASS_EXPIRED: (
        later("Pass expired"),
        later("Pass {pass} was valid until {until}."),
        later("Choose another pass, or take payment."),
    ),
    RefusalCode.PASS_TOO_FEW: (
        later("Too little left on the pass"),
        later("Pass {pass} has {left} left, {short} too few."),
        later("Use what is left, or take payment."),
    ),
    RefusalCode.PASS_OUT_OF_SCOPE: (
        later("The pass is for something else"),
        later("Pass {pass} does not cover {item}."),
        later("Choose another pass, or take payment."),
    ),
    RefusalCode.PASS_RETURNED_WHOLE: (
        later("A pass is returned whole"),
        later("What is left of it is worth {amount}."),
        later("Refund exactly that amount."),
    ),
    RefusalCode.LINE_COVERED_BY_PASS: (
        later("Nothing was paid for this line"),
        later("It was covered by pass {pass}."),
        later("Give back the uses of the pass instead."),
    ),
    RefusalCode.REFUND_EXCEEDS_UNITS: (
        later("More than was used"),
        later("{left} of this line is left to give back."),
        later("Type a smaller number."),
    ),
}
