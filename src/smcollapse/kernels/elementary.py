"""Logarithm, exponential and the normal transform, in plain IEEE arithmetic.

Library functions differ in the last bit between machines and keep LLVM from vectorising a
loop.  These use additions, multiplications, divisions, square roots and bit operations only,
without branches, so that every machine and every vector width returns the same bits.

The logarithms and the exponential follow fdlibm (FreeBSD msun ``e_logf.c``, ``e_log.c``,
``e_exp.c``), the sine and cosine Cephes (``sinf.c``); errors stay below one or two units in
the last place on the stated domains.
"""

from __future__ import annotations

import numpy as np

from smcollapse.kernels.compile import inline

_F = np.float32
_D = np.float64

# log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2)),  s = f / (2 + f)
_LOG32 = (_F(0.66666662693), _F(0.40000972152), _F(0.28498786688), _F(0.24279078841))
_LN2_HIGH_32 = _F(6.9313812256e-01)
_LN2_LOW_32 = _F(9.0580006145e-06)
_HALF_32 = _F(0.5)
_ONE_32 = _F(1.0)
_TWO_32 = _F(2.0)

_LOG64 = (
    _D(6.666666666666735130e-01),
    _D(3.999999999940941908e-01),
    _D(2.857142874366239149e-01),
    _D(2.222219843214978396e-01),
    _D(1.818357216161805012e-01),
    _D(1.531383769920937332e-01),
    _D(1.479819860511658591e-01),
)
_LN2_HIGH_64 = _D(6.93147180369123816490e-01)
_LN2_LOW_64 = _D(1.90821492927058770002e-10)
_LOG2_E = _D(1.44269504088896338700e00)

# exp(r) = 1 + 2 r / (R(r^2) - r),  R(t) = 2 + t/6 - ...
_EXP64 = (
    _D(1.66666666666666019037e-01),
    _D(-2.77777777770155933842e-03),
    _D(6.61375632143793436117e-05),
    _D(-1.65339022054652515390e-06),
    _D(4.13813679705723846039e-08),
)

# Mantissas are taken in [sqrt(1/2), sqrt(2)): bit patterns of sqrt(1/2), offset to 1.
_ROOT_HALF_32 = np.int32(0x3F3504F3)
_TO_ONE_32 = np.int32(0x3F800000 - 0x3F3504F3)
_MANTISSA_32 = np.int32(0x007FFFFF)
_ROOT_HALF_64 = np.int64(0x3FE6A09E00000000)
_TO_ONE_64 = np.int64(0x3FF0000000000000 - 0x3FE6A09E00000000)
_MANTISSA_64 = np.int64(0x000FFFFFFFFFFFFF)
_BIAS_64 = np.int64(1023)

_SIN = (_F(-1.6666654611e-1), _F(8.3321608736e-3), _F(-1.9515295891e-4))
_COS = (_F(4.166664568298827e-2), _F(-1.388731625493765e-3), _F(2.443315711809948e-5))

_INVERSE_2_32 = _F(2.0**-32)
_ANGLE = _F(np.pi / 4 * 2.0**-29)
_ANGLE_BITS = np.uint64(0x3FFFFFFF)
_ANGLE_MIDDLE = np.int32(1 << 29)
_SIGN = np.uint64(0x80000000)
_SHIFT_1 = np.uint64(1)
_SHIFT_11 = np.uint64(11)
_SHIFT_21 = np.uint64(21)
_INVERSE_2_53 = _D(2.0**-53)


@inline
def log32(x: np.float32) -> np.float32:
    """Natural logarithm of a positive, normal float32."""
    bits = np.int32(np.float32(x).view(np.int32) + _TO_ONE_32)
    exponent = np.float32(np.int32((bits >> np.int32(23)) - np.int32(127)))
    mantissa = np.int32((bits & _MANTISSA_32) + _ROOT_HALF_32).view(np.float32)
    f = mantissa - _ONE_32
    s = f / (_TWO_32 + f)
    z = s * s
    w = z * z
    tail = z * (_LOG32[0] + w * _LOG32[2]) + w * (_LOG32[1] + w * _LOG32[3])
    half_square = _HALF_32 * f * f
    low = s * (half_square + tail) + exponent * _LN2_LOW_32
    return np.float32(exponent * _LN2_HIGH_32 - ((half_square - low) - f))


@inline
def log64(x: np.float64) -> np.float64:
    """Natural logarithm of a positive, normal float64."""
    bits = np.int64(np.float64(x).view(np.int64) + _TO_ONE_64)
    exponent = np.float64((bits >> np.int64(52)) - _BIAS_64)
    mantissa = np.int64((bits & _MANTISSA_64) + _ROOT_HALF_64).view(np.float64)
    f = mantissa - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (_LOG64[1] + w * (_LOG64[3] + w * _LOG64[5]))
    odd = z * (_LOG64[0] + w * (_LOG64[2] + w * (_LOG64[4] + w * _LOG64[6])))
    half_square = 0.5 * f * f
    low = s * (half_square + (even + odd)) + exponent * _LN2_LOW_64
    return np.float64(exponent * _LN2_HIGH_64 - ((half_square - low) - f))


@inline
def exp64(x: np.float64) -> np.float64:
    """Exponential of a float64 in [-708, 709]; arguments outside are moved to the nearer end."""
    x = max(np.float64(-708.0), min(np.float64(709.0), x))
    k = np.floor(x * _LOG2_E + 0.5)
    high = x - k * _LN2_HIGH_64
    low = k * _LN2_LOW_64
    r = high - low
    t = r * r
    a, b, c, d, e = _EXP64
    rest = r - t * (a + t * (b + t * (c + t * (d + t * e))))
    y = 1.0 - ((low - (r * rest) / (2.0 - rest)) - high)
    # Two factors of 2^(k/2), since 2^k itself may not be a normal number.
    half = np.int64(k) >> np.int64(1)
    first = np.int64((half + _BIAS_64) << np.int64(52)).view(np.float64)
    second = np.int64((np.int64(k) - half + _BIAS_64) << np.int64(52)).view(np.float64)
    return np.float64(y * first * second)


@inline
def uniform32(word: np.uint64) -> np.float32:
    """Uniform float32 in (0, 1]: (word + 1/2) / 2^32, rounded; fine steps near 0."""
    return np.float32((np.float32(np.uint32(word)) + _HALF_32) * _INVERSE_2_32)


@inline
def uniform64(high: np.uint64, low: np.uint64) -> np.float64:
    """Uniform float64 in [0, 1), a multiple of 2^-53, from two 32-bit words."""
    steps = np.int64((high << _SHIFT_21) | (low >> _SHIFT_11))
    return np.float64(np.float64(steps) * _INVERSE_2_53)


@inline
def normal_pair(radius_word: np.uint64, angle_word: np.uint64) -> tuple[np.float32, np.float32]:
    """Two independent standard normals from two 32-bit words (Box and Muller, 1958).

    The radius is sqrt(-2 log u), at most 6.77.  Thirty bits give an angle a in one quarter,
    turned by pi/4 so that only polynomials on [-pi/4, pi/4) are needed,
    ``sqrt(2) cos(a + pi/4) = cos a - sin a``; two more bits give the signs.
    """
    radius = np.sqrt(-log32(uniform32(radius_word)))
    steps = np.int32(np.int32(np.uint32(angle_word & _ANGLE_BITS)) - _ANGLE_MIDDLE)
    angle = (np.float32(steps) + _HALF_32) * _ANGLE
    z = angle * angle
    sine = angle + angle * z * (_SIN[0] + z * (_SIN[1] + z * _SIN[2]))
    cosine = _ONE_32 - _HALF_32 * z + z * z * (_COS[0] + z * (_COS[1] + z * _COS[2]))
    first = np.float32(radius * (cosine - sine)).view(np.uint32)
    second = np.float32(radius * (cosine + sine)).view(np.uint32)
    first = np.uint32(first ^ np.uint32(angle_word & _SIGN))
    second = np.uint32(second ^ np.uint32((angle_word << _SHIFT_1) & _SIGN))
    return first.view(np.float32), second.view(np.float32)
