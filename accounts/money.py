"""Amounts of money: whole billionths of a US dollar, which add up and may be compared."""

from decimal import ROUND_HALF_UP, Decimal

_NANO = Decimal("1e-9")


def dollars(nanodollars: int) -> Decimal:
    """Exact, with up to nine decimals and no exponent."""
    amount = (nanodollars * _NANO).normalize()
    # Normalised, 100 is 1E+2.
    return amount.quantize(Decimal(1)) if amount == amount.to_integral() else amount


def nanodollars(amount: Decimal) -> int:
    return int((amount / _NANO).to_integral_value(ROUND_HALF_UP))


def plain(amount: Decimal) -> str:
    """Without an exponent, which spreadsheets and people read differently."""
    return f"{amount:f}"
