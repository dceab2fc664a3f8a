"""Who bears the bonus of a coin-by-coin wallet now, store by store. Imports nothing of the product."""

from tests.stored_value.naive.coin_by_coin_wallet import CoinByCoinWallet, Record


def costs(wallet: CoinByCoinWallet) -> dict[str, int]:
    """What each store bore when bonus came and went, and the serving store's percent of what each purchase still draws of each pile moved to it."""
    moved = dict(wallet.cost)
    for bought in wallet.purchases.values():
        drawn: dict[str, list[Record]] = {}
        for line in bought["lines"]:
            for coin in line["bonus"]:
                drawn.setdefault(coin["name"], []).append(coin)
        for same in drawn.values():
            taker = same[0]["store"]
            _, percent = wallet.bearers.get(same[0]["promotion"], (0, 0))
            over = len(same) * percent // 100
            moved[taker] = moved.get(taker, 0) - over
            moved[bought["store"]] = moved.get(bought["store"], 0) + over
    return moved
