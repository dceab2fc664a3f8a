"""A second, independent reading of the money rules: clear and slow, written from the text of the decisions, importing nothing of the product.

A pile is a dict: what one source gave of one kind. A purchase line holds its coins one by one, each a reference to the pile that it came from, so that giving back
is popping from a list. Days are plain numbers. Two readings where the text is silent: what is owed lies along the lines between principal and bonus, and it is no
part of the "line total" of the refund formula, because it goes back before anything else.
"""

from typing import Any

OWED = "owed"
Record = dict[str, Any]


def share_out(total: int, weights: list[int]) -> list[int]:
    """Floors, then one fen each to the largest remainders; ties to the earlier."""
    if total == 0:
        return [0 for _ in weights]
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: (-((total * weights[place]) % whole), place))
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares


class CoinByCoinWallet:
    def __init__(self, draw_order: str, bearers: dict[str, tuple[int, int]] | None = None) -> None:
        """`bearers`: by promotion, what head office and the serving store bear of its bonus, in percent."""
        self.draw_order = draw_order
        self.bearers = bearers or {}
        self.cost: dict[str, int] = {}
        self.piles: list[Record] = []
        self.owed: list[Record] = []
        self.purchases: dict[str, Record] = {}
        self.deposits: dict[str, Record] = {}
        self.cash_outs: dict[str, Record] = {}
        self.revenue: dict[str, int] = {}

    # --- what comes in

    def pile(
        self, name: str, kind: str, store: str, source: str, day: int, amount: int, last_day: int | None = None
    ) -> Record:
        made: Record = {
            "name": name,
            "kind": kind,
            "store": store,
            "source": source,
            "day": day,
            "last_day": last_day,
            "made": amount,
            "left": amount,
            "lapsed": 0,
            "cashed_by": None,
            "gone": False,
            "promotion": "",
        }
        self.piles.append(made)
        return made

    def top_up(self, name: str, store: str, day: int, paid: int, gifts: list[tuple[str, int, int | None]]) -> None:
        """`gifts`: (promotion, amount, days that it is good for, or None)."""
        self.pile(f"{name}/p", "principal", store, name, day, paid)
        for promotion, amount, days in gifts:
            last_day = None if days is None else day + days
            made = self.pile(f"{name}/b/{promotion}", "bonus", store, name, day, amount, last_day)
            made["promotion"] = promotion
            self.bear(made, amount)
        self.pay_what_is_owed(day)

    def bear(self, pile: Record, amount: int, sign: int = 1) -> None:
        """Head office's percent, and the rest of the store that took the money."""
        if pile["kind"] == "bonus":
            percent, _ = self.bearers.get(pile["promotion"], (0, 0))
            by_head_office, own = share_out(amount, [percent, 100 - percent])
            self.cost["HQ"] = self.cost.get("HQ", 0) + sign * by_head_office
            self.cost[pile["store"]] = self.cost.get(pile["store"], 0) + sign * own

    def open_piles(self, kind: str, day: int) -> list[Record]:
        good = [
            pile
            for pile in self.piles
            if pile["kind"] == kind and pile["left"] and (pile["last_day"] is None or pile["last_day"] >= day)
        ]
        never = 10**9
        return sorted(
            good,
            key=lambda pile: (never if pile["last_day"] is None else pile["last_day"], pile["day"], pile["name"]),
        )

    def available(self, kind: str, day: int) -> int:
        return sum(pile["left"] for pile in self.open_piles(kind, day))

    def take(self, kind: str, amount: int, day: int) -> list[Record]:
        coins: list[Record] = []
        for pile in self.open_piles(kind, day):
            while pile["left"] and len(coins) < amount:
                pile["left"] -= 1
                coins.append(pile)
        assert len(coins) == amount
        return coins

    def pay_what_is_owed(self, day: int) -> None:
        """Coin by coin: the oldest debt, from principal as long as there is any; the purchase then counts as paid by that coin."""
        while self.owed:
            debt = self.owed[0]
            kind = "principal" if self.available("principal", day) else "bonus"
            if not self.available(kind, day):
                return
            (coin,) = self.take(kind, 1, day)
            line = next(line for line in self.purchases[debt["purchase"]]["lines"] if line[OWED])
            line[OWED] -= 1
            line[kind].append(coin)
            debt["amount"] -= 1
            if not debt["amount"]:
                self.owed.pop(0)

    # --- what is spent

    def redeem(self, name: str, store: str, day: int, line_totals: list[int]) -> None:
        amount = sum(line_totals)
        principal_held, bonus_held = self.available("principal", day), self.available("bonus", day)
        drawn = min(amount, principal_held + bonus_held)
        if self.draw_order == "proportional":
            principal, bonus = share_out(drawn, [principal_held, bonus_held])
        elif self.draw_order == "principal_first":
            principal = min(drawn, principal_held)
            bonus = drawn - principal
        else:
            bonus = min(drawn, bonus_held)
            principal = drawn - bonus
        coins = {"principal": self.take("principal", principal, day), "bonus": self.take("bonus", bonus, day)}
        missing = amount - drawn
        if missing:
            self.owed.append({"purchase": name, "store": store, "amount": missing})
        lines = []
        by_principal = share_out(principal, line_totals)
        rests = [total - share for total, share in zip(line_totals, by_principal, strict=True)]
        by_owed = share_out(missing, rests)
        for total, principal_share, owed_share in zip(line_totals, by_principal, by_owed, strict=True):
            bonus_share = total - principal_share - owed_share
            lines.append(
                {
                    "principal": [coins["principal"].pop(0) for _ in range(principal_share)],
                    "bonus": [coins["bonus"].pop(0) for _ in range(bonus_share)],
                    OWED: owed_share,
                    "back": {"principal": 0, "bonus": 0},
                }
            )
        assert not coins["principal"]
        assert not coins["bonus"]
        self.purchases[name] = {"store": store, "day": day, "lines": lines}
        self.revenue[store] = self.revenue.get(store, 0) + amount

    def still_refundable(self, purchase: str) -> list[int]:
        return [len(line["principal"]) + len(line["bonus"]) + line[OWED] for line in self.purchases[purchase]["lines"]]

    def refund(self, name: str, purchase: str, day: int, amounts: list[int]) -> None:
        """`amounts` by line, none more than is left of it."""
        bought = self.purchases[purchase]
        returned: list[Record] = []
        for line, amount in zip(bought["lines"], amounts, strict=True):
            unowed = min(amount, line[OWED])
            line[OWED] -= unowed
            self.owe_less(purchase, unowed)
            returned += self.coins_back(line, amount - unowed)
        self.revenue[bought["store"]] -= sum(amounts)
        self.land(name, returned, bought["day"], day)
        self.pay_what_is_owed(day)

    def coins_back(self, line: Record, amount: int) -> list[Record]:
        back = line["back"]
        principal_drawn = len(line["principal"]) + back["principal"]
        line_total = principal_drawn + len(line["bonus"]) + back["bonus"]
        if not amount:
            return []
        so_far = back["principal"] + back["bonus"] + amount
        principal = principal_drawn * so_far // line_total - back["principal"]
        coins: list[Record] = []
        for kind, count in (("principal", principal), ("bonus", amount - principal)):
            popped = [line[kind].pop() for _ in range(count)]
            back[kind] += count
            coins += reversed(popped)
        return coins

    def owe_less(self, purchase: str, amount: int) -> None:
        for debt in self.owed:
            if debt["purchase"] == purchase:
                debt["amount"] -= amount
        self.owed = [debt for debt in self.owed if debt["amount"]]

    def land(self, name: str, coins: list[Record], bought_on: int, day: int) -> None:
        """Into its pile; out of an expired pile into one of its own with the days that were left; out of a paid cash-out through its reckoning."""
        reckoned: dict[tuple[str, str], list[Record]] = {}
        own: dict[str, list[Record]] = {}
        for coin in coins:
            if coin["cashed_by"] is not None:
                reckoned.setdefault(coin["cashed_by"], []).append(coin)
            elif coin["last_day"] is not None and coin["last_day"] < day:
                own.setdefault(coin["name"], []).append(coin)
            else:
                coin["left"] += 1
        for number, same in enumerate(own.values()):
            old = same[0]
            old["made"] -= len(same)
            days_left = old["last_day"] - bought_on
            last_day = day + max(0, days_left)
            new = self.pile(
                f"{name}/x/{number}", old["kind"], old["store"], old["source"], old["day"], len(same), last_day
            )
            new["promotion"] = old["promotion"]
            for request in self.waiting():
                for line in self.cash_outs[request]["lines"].values():
                    if any(pile is old for pile in line["piles"]):
                        line["piles"].append(new)
                        line["reserved"].append(0)
        for (request, source), same in reckoned.items():
            self.bear_no_more(same)
            self.reckon_again(name, day, self.cash_outs[request]["lines"][source], len(same), same[0]["store"])

    def bear_no_more(self, coins: list[Record]) -> None:
        bonus = [coin for coin in coins if coin["kind"] == "bonus"]
        if bonus:
            self.bear(bonus[0], len(bonus), -1)

    # --- what goes out

    def reverse_top_up(self, name: str) -> None:
        for pile in self.piles:
            if pile["source"] == name:
                assert pile["left"] == pile["made"]
                self.bear(pile, pile["left"], -1)
                pile["left"] = 0
                pile["gone"] = True

    def untouched(self, name: str, paid: int) -> bool:
        own = [pile for pile in self.piles if pile["source"] == name]
        principal = sum(pile["left"] for pile in own if pile["kind"] == "principal")
        return bool(own) and principal == paid and all(pile["left"] == pile["made"] for pile in own)

    def ask_cash_out(self, name: str) -> None:
        lines: dict[str, Record] = {}
        for source in dict.fromkeys(pile["source"] for pile in self.piles):
            own = [
                pile
                for pile in self.piles
                if pile["source"] == source and pile["cashed_by"] is None and not pile["gone"]
            ]
            paid = sum(pile["made"] - pile["lapsed"] for pile in own if pile["kind"] == "principal")
            gift = sum(pile["made"] for pile in own if pile["kind"] == "bonus")
            used = sum(pile["made"] - pile["left"] - pile["lapsed"] for pile in own)
            line = {"paid": paid, "gift": gift, "used": used, "piles": own}
            if paid and any(pile["left"] for pile in own) and self.refundable(line):
                line["reserved"] = [pile["left"] for pile in own]
                for pile in own:
                    pile["left"] = 0
                lines[source] = line
        self.cash_outs[name] = {"state": "waiting", "lines": lines}

    @staticmethod
    def refundable(line: Record) -> int:
        paid: int = line["paid"]
        used: int = line["used"]
        gift: int = line["gift"]
        return paid - used * paid // (paid + gift)

    def waiting(self) -> list[str]:
        return [name for name, asked in self.cash_outs.items() if asked["state"] == "waiting"]

    def to_pay(self, request: str) -> int:
        return sum(self.refundable(line) for line in self.cash_outs[request]["lines"].values())

    def reserved(self) -> int:
        return sum(sum(line["reserved"]) for name in self.waiting() for line in self.cash_outs[name]["lines"].values())

    def pay_cash_out(self, name: str, request: str, day: int) -> None:
        """The payment ends the piles; what a refund put into them while the request waited is reckoned again."""
        asked = self.cash_outs[request]
        asked["state"] = "paid"
        for source, line in asked["lines"].items():
            for pile, amount in zip(line["piles"], line["reserved"], strict=True):
                self.bear(pile, amount, -1)
            refilled = sum(pile["left"] for pile in line["piles"])
            self.bear_no_more([pile for pile in line["piles"] for _ in range(pile["left"])])
            for pile in line["piles"]:
                pile["left"] = 0
                pile["cashed_by"] = request, source
            if refilled:
                self.reckon_again(name, day, line, refilled, line["piles"][0]["store"])

    def reckon_again(self, name: str, day: int, line: Record, unused: int, store: str) -> None:
        before = self.refundable(line)
        line["used"] -= unused
        assert line["used"] >= 0
        extra = self.refundable(line) - before
        if extra:
            self.pile(f"{name}/c/{line['piles'][0]['source']}", "principal", store, name, day, extra)

    def reject_cash_out(self, request: str, day: int) -> None:
        asked = self.cash_outs[request]
        asked["state"] = "rejected"
        for line in asked["lines"].values():
            for pile, amount in zip(line["piles"], line["reserved"], strict=True):
                pile["left"] += amount
        self.pay_what_is_owed(day)

    def give(self, amount: int, day: int) -> list[tuple[Record, int]]:
        """Principal only. What moves was never used here: its pile was made smaller."""
        sent: list[Record] = []
        for coin in self.take("principal", amount, day):
            coin["made"] -= 1
            if not sent or sent[-1]["from"] is not coin:
                sent.append({"from": coin, "amount": 0})
            sent[-1]["amount"] += 1
        return [(part["from"], part["amount"]) for part in sent]

    def receive(self, name: str, day: int, sent: list[tuple[Record, int]]) -> None:
        for number, (old, amount) in enumerate(sent):
            pile_name = f"{name}/t/{number}"
            self.pile(pile_name, old["kind"], old["store"], old["source"], old["day"], amount, old["last_day"])
        self.pay_what_is_owed(day)

    def expire(self, pile_name: str) -> None:
        for pile in self.piles:
            if pile["name"] == pile_name:
                pile["lapsed"] += pile["left"]
                pile["left"] = 0

    # --- deposits

    def take_deposit(self, name: str, store: str, amount: int) -> None:
        self.deposits[name] = {"store": store, "left": amount}

    def deposits_held(self) -> list[str]:
        return [name for name, held in self.deposits.items() if held["left"]]

    def return_deposit(self, name: str, amount: int) -> None:
        self.deposits[name]["left"] -= amount

    def keep_deposit(self, name: str, store: str, amount: int) -> None:
        self.deposits[name]["left"] -= amount
        self.revenue[store] = self.revenue.get(store, 0) + amount

    # --- what it holds

    def balance(self, kind: str) -> int:
        return sum(pile["left"] for pile in self.piles if pile["kind"] == kind)

    def owes(self) -> int:
        return sum(debt["amount"] for debt in self.owed)

    def shown_piles(self) -> list[tuple[str, str, str, int, str, int, int]]:
        return sorted(
            (
                pile["source"],
                pile["kind"],
                pile["store"],
                pile["day"],
                str(pile["last_day"]),
                pile["made"],
                pile["left"],
            )
            for pile in self.piles
        )

    def liabilities(self) -> dict[tuple[str, str], int]:
        """(store, account): what its books owe."""
        books: dict[tuple[str, str], int] = {}

        def add(store: str, account: str, amount: int) -> None:
            books[store, account] = books.get((store, account), 0) + amount

        for pile in self.piles:
            add(pile["store"], pile["kind"] + "_liability", pile["left"])
        for held in self.deposits.values():
            add(held["store"], "deposit_liability", held["left"])
        for request in self.waiting():
            for line in self.cash_outs[request]["lines"].values():
                for pile, amount in zip(line["piles"], line["reserved"], strict=True):
                    add(pile["store"], "cash_out_pending", amount)
        for debt in self.owed:
            add(debt["store"], "overdraft_receivable", -debt["amount"])
        for store, amount in self.revenue.items():
            add(store, "revenue", amount)
        return books
