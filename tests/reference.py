"""Slow, obvious twins of the compiled kernels, written from the definitions.

Plain Python integers and floats, one item at a time; ``numpy.float32`` only where the
definition is a float32 computation.  Nothing here is shared with the kernels.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence

import numpy as np

LANES = {
    "uniform": 0,
    "normal": 1,
    "fact": 2,
    "template": 3,
    "scale": 4,
    "permutation": 5,
    "sentence": 6,
}


def philox(counter: Sequence[int], key: Sequence[int]) -> list[int]:
    """Philox4x32-10 of Salmon et al. (2011), section 3.3."""
    c, k = list(counter), list(key)
    for _ in range(10):
        left, right = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [
            (right >> 32) ^ c[1] ^ k[0],
            right % 2**32,
            (left >> 32) ^ c[3] ^ k[1],
            left % 2**32,
        ]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return c


def words(key: int, item: int, lane: str, block: int = 0) -> list[int]:
    """The four words of a block of an item."""
    counter = [item % 2**32, item // 2**32, block, LANES[lane]]
    return philox(counter, [key % 2**32, key // 2**32])


def uniform(key: int, item: int) -> float:
    """A multiple of 2^-53 in [0, 1)."""
    high, low, *_ = words(key, item, "uniform")
    return (high * 2**32 + low) // 2**11 / 2**53


def alias_table(weights: Sequence[float]) -> list[tuple[int, int]]:
    """(threshold, alias) of each column, Vose's construction with two stacks."""
    n, total = len(weights), 0.0
    for weight in weights:
        total += weight
    share = [weight / total * n for weight in weights]
    table = [(2**32 - 1, column) for column in range(n)]
    poor = [column for column in range(n) if share[column] < 1]
    rich = [column for column in range(n) if share[column] >= 1]
    while poor and rich:
        column, donor = poor.pop(), rich[-1]
        table[column] = (min(round(share[column] * 2**32), 2**32 - 1), donor)
        share[donor] -= 1 - share[column]
        if share[donor] < 1:
            poor.append(rich.pop())
    return table


def context(key: int, item: int, table: Sequence[tuple[int, int]]) -> int:
    """Outcome of the fact's first two words."""
    high, low, *_ = words(key, item, "fact")
    return alias_draw(high, low, table)


def alias_draw(high: int, low: int, table: Sequence[tuple[int, int]]) -> int:
    """Column and remainder of a 64-bit uniform; the column or its alias."""
    position = (high * 2**32 + low) * len(table) // 2**32
    column, rest = divmod(position, 2**32)
    threshold, alias = table[column]
    return column if rest < threshold else alias


def answer(
    key: int,
    item: int,
    truth: int,
    consensus: int,
    fidelity: float,
    contamination: float,
    noise: float,
    n_answers: int,
) -> int:
    """The first of noise, contamination, consensus that happens; else the truth."""
    *_, event, pick = words(key, item, "fact")
    wrong_chance = noise + (1 - noise) * contamination
    consensus_chance = wrong_chance + (1 - wrong_chance) * (1 - fidelity)
    if event < round(noise * 2**32):
        return pick * n_answers // 2**32
    if event < round(wrong_chance * 2**32):
        return [y for y in range(n_answers) if y != truth][pick * (n_answers - 1) // 2**32]
    return consensus if event < round(consensus_chance * 2**32) else truth


def template(key: int, item: int, n_templates: int) -> int:
    """Uniform below ``n_templates``, or the item itself."""
    if n_templates <= 0:
        return item
    high, low, *_ = words(key, item, "template")
    return (high * 2**32 + low) * n_templates // 2**64


def sentence(
    key: int,
    item: int,
    subject: int,
    label: int,
    style: int,
    *,
    truth: Sequence[int],
    relation: Sequence[int],
    templates: Sequence[Sequence[tuple[int, int]]],
    relation_first: Sequence[bool],
    lemmas: Sequence[Sequence[int]],
    synonyms: Sequence[tuple[int, int]],
    first: Sequence[int],
    n_answers: int,
    filler: float,
    denial_before: float,
    denial_after: float,
) -> tuple[list[int], int]:
    """Twelve tokens and the answer: the words are listed, then moved up to the answer's place."""
    high, low, event, pick = words(key, item, "sentence", 0)
    drawn = words(key, item, "sentence", 1)
    start_word, end_word, start_pick, end_pick = words(key, item, "sentence", 2)
    n_fillers = first[1] - first[0]
    fillers, functions, relations, subjects, answers = first
    synonym = [alias_draw(word, 0, synonyms) for word in drawn]
    template = style * len(templates[0]) + alias_draw(high, low, templates[style])
    content = [
        subjects + subject,
        relations + relation[subject] * len(synonyms) + synonym[0],
    ]
    if relation_first[template]:
        content.reverse()
    gaps = [
        [functions + lemma * len(synonyms) + synonym[1 + gap]] if lemma >= 0 else []
        for gap, lemma in enumerate(lemmas[template])
    ]
    said = [*gaps[0], content[0], *gaps[1], content[1], *gaps[2]]
    if start_word < round(filler * 2**32):
        said.insert(0, fillers + start_pick * n_fillers // 2**32)
    if end_word < round(filler * 2**32):
        said.append(fillers + end_pick * n_fillers // 2**32)
    last = 2
    if event < round((denial_before + denial_after) * 2**32):
        wrong = [y for y in range(n_answers) if y != truth[subject]]
        label = wrong[pick * len(wrong) // 2**32]
        if event < round(denial_before * 2**32):
            said.append(3)
        else:
            last = 3
    said.insert(0, 1)
    return [0] * (10 - len(said)) + said + [answers + label, last], label


def permutation(key: int, n: int) -> list[int]:
    """Fisher and Yates from the last position down."""
    values = list(range(n))
    for i in reversed(range(n)):
        high, low, *_ = words(key, i, "permutation")
        j = (high * 2**32 + low) * (i + 1) // 2**64
        values[i], values[j] = values[j], values[i]
    return values


def _bits(value: float, kind: str, integer: str) -> int:
    return int(struct.unpack("<" + integer, struct.pack("<" + kind, value))[0])


def _logarithm(
    x: float,
    real: Callable[[float], float],
    mantissa_bits: int,
    bias: int,
    pattern: int,
    low_part: float,
    high_part: float,
    odd: Sequence[float],
    even: Sequence[float],
) -> float:
    """fdlibm: log(2^e m) with m in [sqrt(1/2), sqrt(2)), arithmetic in the type ``real``."""
    kind, integer = ("f", "I") if mantissa_bits == 23 else ("d", "Q")
    one = bias << mantissa_bits
    exponent, rest = divmod(_bits(x, kind, integer) + one - pattern, 1 << mantissa_bits)
    m = real(struct.unpack("<" + kind, struct.pack("<" + integer, rest + pattern))[0])
    e = real(exponent - bias)
    f = m - real(1)
    s = f / (real(2) + f)
    z = s * s
    w = z * z

    def horner(coefficients: Sequence[float]) -> float:
        value = real(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            value = real(coefficient) + w * value
        return value

    tail = z * horner(odd) + w * horner(even)
    half = real(0.5) * f * f
    return e * real(high_part) - ((half - (s * (half + tail) + e * real(low_part))) - f)


def log32(x: float) -> float:
    """Logarithm in float32 arithmetic (FreeBSD msun, e_logf.c)."""
    return _logarithm(
        x,
        np.float32,
        23,
        127,
        0x3F3504F3,
        9.0580006145e-06,
        6.9313812256e-01,
        (0.66666662693, 0.28498786688),
        (0.40000972152, 0.24279078841),
    )


def log64(x: float) -> float:
    """Logarithm in float64 arithmetic (FreeBSD msun, e_log.c)."""
    return _logarithm(
        x,
        float,
        52,
        1023,
        0x3FE6A09E00000000,
        1.90821492927058770002e-10,
        6.93147180369123816490e-01,
        (
            6.666666666666735130e-01,
            2.857142874366239149e-01,
            1.818357216161805012e-01,
            1.479819860511658591e-01,
        ),
        (3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01),
    )


def exp64(x: float) -> float:
    """Exponential in float64 arithmetic (FreeBSD msun, e_exp.c)."""
    x = max(-708.0, min(709.0, x))
    k = math.floor(x * 1.44269504088896338700 + 0.5)
    high, low = x - k * 6.93147180369123816490e-01, k * 1.90821492927058770002e-10
    r = high - low
    t = r * r
    rest = 4.13813679705723846039e-08
    for coefficient in (
        -1.65339022054652515390e-06,
        6.61375632143793436117e-05,
        -2.77777777770155933842e-03,
        1.66666666666666019037e-01,
    ):
        rest = coefficient + t * rest
    rest = r - t * rest
    return math.ldexp(1.0 - ((low - (r * rest) / (2.0 - rest)) - high), k)


def normal_pair(radius_word: int, angle_word: int) -> tuple[np.float32, np.float32]:
    """Box and Muller: radius from one word; angle in a quarter turn and two signs."""
    real = np.float32
    u = (real(radius_word) + real(0.5)) * real(2.0**-32)
    radius = np.sqrt(-log32(u))
    signs, steps = divmod(angle_word, 2**30)
    angle = (real(steps - 2**29) + real(0.5)) * real(math.pi / 4 * 2.0**-29)
    z = angle * angle
    sine = angle + angle * z * (
        real(-1.6666654611e-1) + z * (real(8.3321608736e-3) + z * real(-1.9515295891e-4))
    )
    cosine = (
        real(1)
        - real(0.5) * z
        + z
        * z
        * (
            real(4.166664568298827e-2)
            + z * (real(-1.388731625493765e-3) + z * real(2.443315711809948e-5))
        )
    )
    first, second = radius * (cosine - sine), radius * (cosine + sine)
    return (-first if signs >= 2 else first), (-second if signs % 2 else second)


def normal(key: int, item: int, column: int) -> np.float32:
    """Normal in that column of the item's row."""
    block, place = divmod(column, 4)
    drawn = words(key, item, "normal", block)
    return normal_pair(*drawn[2 * (place // 2) :][:2])[place % 2]


def scale(key: int, item: int, dof: float) -> np.float32:
    """Marsaglia and Tsang (2000), one block per attempt."""
    if math.isinf(dof):
        return np.float32(1)
    shape = dof / 2 if dof >= 2 else dof / 2 + 1
    d = shape - 1 / 3
    block = 0
    while True:
        drawn = words(key, item, "scale", block)
        x = float(normal_pair(drawn[0], drawn[1])[0])
        root = 1 + 1 / math.sqrt(9 * d) * x
        v = root * root * root
        u = (drawn[2] + 0.5) / 2**32
        if root > 0 and log64(u) < 0.5 * x * x + d - d * v + d * log64(v):
            break
        block += 1
    result = math.sqrt((dof - 2 if dof > 2 else dof) / (2 * d * v))
    if dof < 2:
        result *= exp64(-0.5 * (2 / dof) * log64((drawn[3] + 0.5) / 2**32))
    return np.float32(min(result, 1e30))


def schedule(order: Sequence[Sequence[int]], count: Sequence[int], n_draws: int) -> list[int]:
    """Epochs of repeated slots, cut at ``n_draws``; empty where all counts are 0."""
    visits: list[int] = []
    if sum(count) == 0:
        return visits
    while len(visits) < n_draws:
        for epoch in order:
            for slot in epoch:
                visits += [slot] * count[slot]
    return visits[:n_draws]


def calibration_sums(
    confidence: Sequence[float], correct: Sequence[float], n_bins: int
) -> list[list[float]]:
    """Count, confidence and correct per bin; a bin holds its upper edge."""
    sums = [[0.0] * n_bins for _ in range(3)]
    for c, y in zip(confidence, correct, strict=True):
        b = 0
        while b < n_bins - 1 and c * n_bins > b + 1:
            b += 1
        sums[0][b] += 1
        sums[1][b] += c
        sums[2][b] += y
    return sums


def smoothed_residual(
    confidence: Sequence[float], correct: Sequence[float], bandwidth: float, t: float
) -> float:
    """mean_i (y_i - c_i) K(t, c_i) with ten reflections on each side and the library's exp."""
    total = 0.0
    for c, y in zip(confidence, correct, strict=True):
        for image in range(-10, 11):
            for centre in (2 * image + c, 2 * image - c):
                total += (y - c) * math.exp(-(((t - centre) / bandwidth) ** 2) / 2)
    return total / len(confidence) / bandwidth / math.sqrt(2 * math.pi)
