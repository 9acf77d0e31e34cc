"""The S-box of AES as a circuit (FIPS 197 5.1.1, 5.3.2), for any number of octets at once.

Theory of operation: bit j of many octets is one integer, the plane j, so that a gate is one operation of Python for all
of them, and nothing is looked up anywhere. The circuit is the one of Joan Boyar and René Peralta, "A new combinational
logic minimization technique with applications to cryptology" (2010; IACR ePrint 2009/191), 115 gates of which 32 are
AND: linear layer, inversion in GF(2^8) by way of GF(2^4), linear layer. Where it complements a bit, nothing is done
here: that leaves out the constant 0x63 in every octet, which the rounds' other steps would carry unchanged to the next
round key. It is added there, where it costs nothing (``CONSTANT``).

The inverse needs no second circuit. With S(x) = L(1/x), L linear and S the circuit below, 1/x = L⁻¹(S(x)), so
S⁻¹(y) = 1/L⁻¹(y) = L⁻¹(S(L⁻¹(y))).
"""

from __future__ import annotations

#: The octets of a value at hand, as planes: the integer at place j holds bit j of every octet.
Planes = tuple[int, int, int, int, int, int, int, int]

#: What FIPS 197's S-box has more in its output than the circuit, and its inverse in its input.
CONSTANT = 0x63


def substitute(p0: int, p1: int, p2: int, p3: int, p4: int, p5: int, p6: int, p7: int) -> Planes:
    """SubBytes without its constant."""
    # The gates in the order of the paper. A name is taken again as soon as its value is not needed any more: with large
    # integers it saves a tenth of a pass that their memory is at once there for the next.
    t0 = p4 ^ p2
    t1 = p7 ^ p1
    t2 = p7 ^ p4
    t3 = p7 ^ p2
    p5 = p6 ^ p5
    t4 = p5 ^ p0
    p4 = t4 ^ p4
    t5 = t1 ^ t0
    t6 = t4 ^ p7
    p1 = t4 ^ p1
    t7 = p1 ^ t3
    p3 = p3 ^ t5
    p2 = p3 ^ p2
    p6 = p3 ^ p6
    p3 = p2 ^ p0
    t8 = p2 ^ p5
    t9 = p6 ^ t2
    t10 = p0 ^ t9
    t11 = t8 ^ t9
    t12 = t8 ^ t3
    p5 = p5 ^ t9
    t13 = t1 ^ p5
    p7 = p7 ^ p5
    t14 = t5 & p2
    t15 = t7 & p3
    t15 = t15 ^ t14
    t16 = p4 & p0
    t14 = t16 ^ t14
    t16 = t1 & p5
    t17 = p1 & t4
    t17 = t17 ^ t16
    t18 = t6 & t10
    t16 = t18 ^ t16
    t18 = t2 & t9
    t19 = t0 & t11
    t19 = t19 ^ t18
    t20 = t3 & t8
    t18 = t20 ^ t18
    t15 = t15 ^ t19
    t14 = t14 ^ t18
    t19 = t17 ^ t19
    t18 = t16 ^ t18
    p6 = t15 ^ p6
    t12 = t14 ^ t12
    t13 = t19 ^ t13
    p7 = t18 ^ p7
    t18 = p6 ^ t12
    p6 = p6 & t13
    t19 = p7 ^ p6
    t14 = t18 & t19
    t14 = t14 ^ t12
    t15 = t13 ^ p7
    p6 = t12 ^ p6
    t15 = p6 & t15
    t15 = t15 ^ p7
    t13 = t13 ^ t15
    p6 = t19 ^ t15
    p6 = p7 & p6
    t13 = p6 ^ t13
    p6 = t19 ^ p6
    p6 = t14 & p6
    p6 = t18 ^ p6
    t18 = p6 ^ t13
    t19 = t14 ^ t15
    p7 = t14 ^ p6
    t12 = t15 ^ t13
    t16 = t19 ^ t18
    p2 = t12 & p2
    p3 = t13 & p3
    p0 = t15 & p0
    p5 = p7 & p5
    t4 = p6 & t4
    t10 = t14 & t10
    t9 = t19 & t9
    t11 = t16 & t11
    t8 = t18 & t8
    t5 = t12 & t5
    t7 = t13 & t7
    p4 = t15 & p4
    t1 = p7 & t1
    p1 = p6 & p1
    t6 = t14 & t6
    t2 = t19 & t2
    t0 = t16 & t0
    t3 = t18 & t3
    t2 = t2 ^ t0
    p4 = t7 ^ p4
    p1 = t10 ^ p1
    t7 = t5 ^ t7
    t5 = p0 ^ t1
    t10 = p0 ^ t10
    t8 = t11 ^ t8
    p2 = p2 ^ p5
    t11 = t9 ^ t11
    t3 = t0 ^ t3
    t1 = t1 ^ p1
    t5 = t5 ^ p2
    t0 = t4 ^ t2
    t11 = p5 ^ t11
    t2 = t2 ^ t5
    t5 = t6 ^ t5
    t8 = t8 ^ t0
    t0 = t7 ^ t0
    t4 = t4 ^ t11
    t5 = t5 ^ t8
    p3 = p3 ^ t0
    t0 = t11 ^ t0
    t8 = t1 ^ t8
    t2 = p1 ^ t2
    p1 = t4 ^ t5
    p2 = p2 ^ p3
    p3 = t10 ^ p3
    t5 = p4 ^ t5
    t4 = t4 ^ p2
    p1 = t3 ^ p1
    return t2, t8, t5, p3, p2, p1, t4, t0


def substitute_inverse(p0: int, p1: int, p2: int, p3: int, p4: int, p5: int, p6: int, p7: int) -> Planes:
    """InvSubBytes of octets to which the constant was added before."""
    return _unmix(*substitute(*_unmix(p0, p1, p2, p3, p4, p5, p6, p7)))


def _unmix(p0: int, p1: int, p2: int, p3: int, p4: int, p5: int, p6: int, p7: int) -> Planes:
    """The inverse of the S-box's linear layer: each bit i is the sum of the bits i + 2, i + 5 and i + 7, modulo 8."""
    return (
        p2 ^ p5 ^ p7,
        p3 ^ p6 ^ p0,
        p4 ^ p7 ^ p1,
        p5 ^ p0 ^ p2,
        p6 ^ p1 ^ p3,
        p7 ^ p2 ^ p4,
        p0 ^ p3 ^ p5,
        p1 ^ p4 ^ p6,
    )
