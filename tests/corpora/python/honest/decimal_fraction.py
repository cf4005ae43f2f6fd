from decimal import Decimal, ROUND_HALF_UP, getcontext
from fractions import Fraction
getcontext().prec = 28
print(Decimal("1.005").quantize(Decimal("0.01"), rounding=ROUND_HALF_UP), Fraction(1, 3) + 1)
