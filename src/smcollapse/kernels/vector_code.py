"""Vector instructions for `vector_blocks`, as code for LLVM.

What LLVM does not find by itself in a loop: sums that stay in registers while many channels go by,
fused multiply-adds, exchanges between registers. The width of a vector follows the processor, and
results differ in the last bits by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_WIDE = bool(llvmlite.binding.get_host_cpu_features().get("avx512f", False))
VECTOR = 16 if _WIDE else 8
"""Elements of a vector register."""
ROWS, COLUMNS = (8, 3) if _WIDE else (4, 3)
"""Rows, and columns in vectors, of the block of a result that is held in registers."""

_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, VECTOR)
_ARRAY = types.Array(types.float32, 1, "C")
_INDEX = types.intp


def _pointer(context: Any, builder: Any, array: Any, at: Any) -> Any:
    """Address of element `at` of an array."""
    data = context.make_array(_ARRAY)(context, builder, array).data
    return builder.gep(data, [at])


def _load(builder: Any, pointer: Any) -> Any:
    return builder.load(builder.bitcast(pointer, _VECTOR.as_pointer()), align=4)


def _store(builder: Any, value: Any, pointer: Any) -> None:
    builder.store(value, builder.bitcast(pointer, _VECTOR.as_pointer()), align=4)


def _function(builder: Any, kind: Any, name: str) -> Any:
    return cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]


def _multiply_add(builder: Any, one: Any, two: Any, three: Any) -> Any:
    """one · two + three, fused where the processor can."""
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    function = _function(builder, kind, f"llvm.fmuladd.v{VECTOR}f32")
    return builder.call(function, [one, two, three])


def _everywhere(builder: Any, scalar: Any) -> Any:
    """A vector that holds a scalar everywhere."""
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    one = builder.insert_element(undefined, scalar, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), VECTOR), [0] * VECTOR)
    return builder.shuffle_vector(one, undefined, zeros)


def _sums(builder: Any, number: int, initial: Callable[[int], Any]) -> list[Any]:
    """Places for sums, which the compiler turns into registers."""
    places = [
        cgutils.alloca_once(builder, _VECTOR)  # type: ignore[no-untyped-call]
        for _ in range(number)
    ]
    for i, place in enumerate(places):
        builder.store(initial(i), place)
    return places


def block_product(rows: int, columns: int) -> Any:
    """A block of `rows` × `columns` vectors of a matrix product."""

    @intrinsic
    def block(
        typing_context: Any, a: Any, a_at: Any, a_row: Any, a_k: Any, b: Any, b_at: Any, b_k: Any,
        out: Any, out_at: Any, out_row: Any, n: Any, keep: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, _: Any, args: Any) -> Any:
            a, a_at, a_row, a_k, b, b_at, b_k, out, out_at, out_row, n, keep = args
            first, second = _pointer(context, builder, a, a_at), _pointer(context, builder, b, b_at)
            result = _pointer(context, builder, out, out_at)

            def place(i: int) -> Any:
                row, column = divmod(i, columns)
                at = builder.mul(out_row, out_row.type(row))
                return builder.gep(result, [builder.add(at, at.type(VECTOR * column))])

            sums = _sums(builder, rows * columns, lambda i: ir.Constant(_VECTOR, None))
            with builder.if_then(builder.icmp_signed("!=", keep, keep.type(0))):
                for i, total in enumerate(sums):
                    builder.store(_load(builder, place(i)), total)
            with cgutils.for_range(builder, n) as loop:
                k_b = builder.mul(loop.index, b_k)
                k_a = builder.mul(loop.index, a_k)
                others = [
                    _load(builder, builder.gep(second, [builder.add(k_b, k_b.type(VECTOR * c))]))
                    for c in range(columns)
                ]
                for r in range(rows):
                    at = builder.add(k_a, builder.mul(a_row, a_row.type(r)))
                    scalar = _everywhere(builder, builder.load(builder.gep(first, [at])))
                    for c in range(columns):
                        total = sums[r * columns + c]
                        value = _multiply_add(builder, scalar, others[c], builder.load(total))
                        builder.store(value, total)
            for i, total in enumerate(sums):
                _store(builder, builder.load(total), place(i))
            return context.get_dummy_value()

        return types.void(
            _ARRAY, _INDEX, _INDEX, _INDEX, _ARRAY, _INDEX, _INDEX,
            _ARRAY, _INDEX, _INDEX, _INDEX, _INDEX,
        ), generate  # fmt: skip

    return block


def lane_sums(number: int) -> Any:
    """A sum over k, lane by lane, of each of `number` vectors."""

    @intrinsic
    def sums_of(
        typing_context: Any, f: Any, f_at: Any, f_step: Any, a: Any, a_at: Any, a_step: Any,
        a_each: Any, out: Any, out_at: Any, out_each: Any, n: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, _: Any, args: Any) -> Any:
            f, f_at, f_step, a, a_at, a_step, a_each, out, out_at, out_each, n = args
            first, second = _pointer(context, builder, f, f_at), _pointer(context, builder, a, a_at)
            result = _pointer(context, builder, out, out_at)
            sums = _sums(builder, number, lambda i: ir.Constant(_VECTOR, None))
            with cgutils.for_range(builder, n) as loop:
                factor = _load(builder, builder.gep(first, [builder.mul(loop.index, f_step)]))
                row = builder.mul(loop.index, a_step)
                for m, total in enumerate(sums):
                    at = builder.add(row, builder.mul(a_each, a_each.type(m)))
                    other = _load(builder, builder.gep(second, [at]))
                    value = _multiply_add(builder, factor, other, builder.load(total))
                    builder.store(value, total)
            for m, total in enumerate(sums):
                at = builder.mul(out_each, out_each.type(m))
                _store(builder, builder.load(total), builder.gep(result, [at]))
            return context.get_dummy_value()

        return types.void(
            _ARRAY, _INDEX, _INDEX, _ARRAY, _INDEX, _INDEX, _INDEX, _ARRAY, _INDEX, _INDEX, _INDEX
        ), generate  # fmt: skip

    return sums_of


def _constant(value: float) -> Any:
    return ir.Constant(_VECTOR, [_FLOAT(float(np.float32(value)))] * VECTOR)


def _exponential(builder: Any, x: Any) -> Any:
    """exp of a vector of numbers ≤ 0, to two units in the last place (Cephes `expf.c`).

    Below −87 it stays at exp(−87).
    """
    least = _constant(-87.0)
    x = builder.select(builder.fcmp_ordered(">", x, least), x, least)
    shifted = _multiply_add(builder, x, _constant(1.44269504088896341), _constant(0.5))
    kind = ir.FunctionType(_VECTOR, [_VECTOR])
    floor = _function(builder, kind, f"llvm.floor.v{VECTOR}f32")
    k = builder.call(floor, [shifted])
    r = _multiply_add(builder, k, _constant(-0.693359375), x)
    r = _multiply_add(builder, k, _constant(2.12194440e-4), r)
    tail = _constant(1.9875691500e-4)
    for factor in (
        1.3981999507e-3,
        8.3334519073e-3,
        4.1665795894e-2,
        1.6666665459e-1,
        5.0000001201e-1,
    ):
        tail = _multiply_add(builder, tail, r, _constant(factor))
    value = builder.fadd(_multiply_add(builder, tail, builder.fmul(r, r), r), _constant(1.0))
    whole = ir.VectorType(ir.IntType(32), VECTOR)
    bias = ir.Constant(whole, [127] * VECTOR)
    bits = builder.add(builder.fptosi(k, whole), bias)
    power = builder.shl(bits, ir.Constant(whole, [23] * VECTOR))
    return builder.fmul(value, builder.bitcast(power, _VECTOR))


def softmax_lanes(
    typing_context: Any, x: Any, at: Any, step: Any, n: Any, scale: Any, weight: Any, weight_at: Any
) -> Any:
    """One vector of columns of `softmax_columns`."""

    def generate(context: Any, builder: Any, _: Any, args: Any) -> Any:
        x, at, step, n, scale, weight, weight_at = args
        start = _pointer(context, builder, x, at)
        (largest,) = _sums(builder, 1, lambda i: _load(builder, start))
        (total,) = _sums(builder, 1, lambda i: ir.Constant(_VECTOR, None))
        factor = _everywhere(builder, scale)

        def place(loop: Any) -> Any:
            return builder.gep(start, [builder.mul(loop.index, step)])

        with cgutils.for_range(builder, n) as loop:
            value, most = _load(builder, place(loop)), builder.load(largest)
            more = builder.fcmp_ordered(">", value, most)
            builder.store(builder.select(more, value, most), largest)
        most = builder.load(largest)
        with cgutils.for_range(builder, n) as loop:
            value = builder.fsub(_load(builder, place(loop)), most)
            value = _exponential(builder, builder.fmul(value, factor))
            _store(builder, value, place(loop))
            builder.store(builder.fadd(builder.load(total), value), total)
        share = _load(builder, _pointer(context, builder, weight, weight_at))
        share = builder.fdiv(share, builder.load(total))
        with cgutils.for_range(builder, n) as loop:
            _store(builder, builder.fmul(_load(builder, place(loop)), share), place(loop))
        return context.get_dummy_value()

    return types.void(
        _ARRAY, _INDEX, _INDEX, _INDEX, types.float32, _ARRAY, _INDEX
    ), generate  # fmt: skip


def transpose_block(
    typing_context: Any, a: Any, a_at: Any, a_row: Any, out: Any, out_at: Any, out_row: Any
) -> Any:
    """A square block, by exchanges of halves, quarters and so on."""

    def generate(context: Any, builder: Any, _: Any, args: Any) -> Any:
        a, a_at, a_row, out, out_at, out_row = args
        source, result = (
            _pointer(context, builder, a, a_at),
            _pointer(context, builder, out, out_at),
        )
        rows = [
            _load(builder, builder.gep(source, [builder.mul(a_row, a_row.type(i))]))
            for i in range(VECTOR)
        ]
        distance = VECTOR // 2
        while distance:
            for i in range(VECTOR):
                if i & distance:
                    continue
                upper, lower = rows[i], rows[i + distance]
                lanes = range(VECTOR)
                one = [j if not j & distance else VECTOR + j - distance for j in lanes]
                two = [j + distance if not j & distance else VECTOR + j for j in lanes]
                kind = ir.VectorType(ir.IntType(32), VECTOR)
                rows[i] = builder.shuffle_vector(upper, lower, ir.Constant(kind, one))
                rows[i + distance] = builder.shuffle_vector(upper, lower, ir.Constant(kind, two))
            distance //= 2
        for i, row in enumerate(rows):
            _store(builder, row, builder.gep(result, [builder.mul(out_row, out_row.type(i))]))
        return context.get_dummy_value()

    return types.void(_ARRAY, _INDEX, _INDEX, _ARRAY, _INDEX, _INDEX), generate
