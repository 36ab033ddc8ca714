"""What a row's rounds say: a table for people, one JSON object a line for
programs."""

import json
from dataclasses import dataclass, field
from typing import IO

import estimate
import rows
from sides import Side

TRUSTED = 0.03  # A against A above this makes a ratio unreliable
OTHERS = 0.1  # of a core, used by anything but the benchmark


@dataclass
class Peak:
    """Rates of all threads together, one value a round."""

    gflops: list[float] = field(default_factory=list)
    read_gbs: list[float] = field(default_factory=list)
    copy_gbs: list[float] = field(default_factory=list)

    def add(self, answer: dict) -> None:
        for name in ("gflops", "read_gbs", "copy_gbs"):
            getattr(self, name).append(answer[name])


@dataclass(frozen=True)
class Result:
    row: rows.Row
    threads: int
    sides: list[Side]
    peak: Peak
    others: float  # cores used by others, over all rounds

    def drop_unfinished(self) -> None:
        """What only some of the sides did, when a run was stopped."""
        for side in self.sides:
            del side.rounds[len(self.peak.gflops) :]

    def spreads(self) -> dict[str, float]:
        return {side.name: estimate.spread(side.rounds) for side in self.sides}

    def steady(self) -> bool:
        return max(self.spreads().values()) <= TRUSTED


def bound(result: Result) -> estimate.Estimate:
    """ms that the row's contractions take at the measured peak rate."""
    return estimate.step_time([[result.row.flops / rate / 1e6] for rate in result.peak.gflops])


def side_line(result: Result, side: Side) -> str:
    time = estimate.step_time(side.rounds)
    share = bound(result).value / time.value
    peak = side.worker.peak_mb()
    memory = "-" if peak is None else f"{peak:.0f}"
    compiled = "-" if side.compile_s is None else f"{side.compile_s:.1f}"
    return (
        f"  {side.name:<14}{time.value:>9.2f} ms [{time.low:.2f}, {time.high:.2f}]"
        f"  {share:>4.0%} of peak  {memory:>6} MiB  start {side.start_s:.2f} s  compile {compiled} s"
        f"  loss {side.loss:.6f}"
    )


def ratio_line(result: Result, other: Side, ogee: Side) -> str:
    """How many times as fast Ogee is."""
    found, spreads = estimate.ratio(other.rounds, ogee.rounds), result.spreads()
    mine, theirs = spreads[ogee.name], spreads[other.name]
    reasons = ["spread"] * (max(mine, theirs) > TRUSTED) + ["load"] * (result.others > OTHERS)
    mark = f"  unreliable ({', '.join(reasons)})" if reasons else ""
    return (
        f"  {other.name} / ogee {found.value:>8.3f} [{found.low:.3f}, {found.high:.3f}]"
        f"  A/A: ogee {mine:.1%}, {other.name} {theirs:.1%}{mark}"
    )


def text(result: Result) -> str:
    rates = [estimate.step_time([[value] for value in values]).value for values in vars(result.peak).values()]
    lines = [
        f"{result.row.name}: {result.row.precision}, {result.threads} threads, {len(result.sides[0].rounds)} rounds"
        f" of {result.row.steps} steps, {result.row.elements / 1e6:.1f} M parameters",
        f"  {'peak':<14}{bound(result).value:>9.2f} ms for {result.row.flops / 1e9:.0f} GFLOP:"
        f" {rates[0]:.0f} GFLOP/s; read {rates[1]:.1f}, copy {rates[2]:.1f} GB/s; others {result.others:.2f} cores",
    ]
    lines += [side_line(result, side) for side in result.sides]
    by_name = {side.name: side for side in result.sides}
    ogee = by_name.pop("ogee", None)
    if ogee:
        lines += [ratio_line(result, other, ogee) for other in by_name.values()]
    else:
        lines += [f"  A/A: {name} {value:.1%}" for name, value in result.spreads().items()]
    return "\n".join(lines)


def write_json(result: Result, file: IO[str]) -> None:
    """`low` and `high` bound the 95 % interval of the median `step_ms`."""
    for side in result.sides:
        time, compiled = estimate.step_time(side.rounds), side.compile_s
        values = (time.value, time.low, time.high, side.worker.peak_mb(), side.start_s, compiled, side.loss)
        write_line(result, side.name, values, file)
    limit = bound(result)
    write_line(result, "peak", (limit.value, limit.low, limit.high, None, None, None, None), file)
    file.flush()


def write_line(result: Result, side: str, values: tuple, file: IO[str]) -> None:
    names = ("step_ms", "low", "high", "peak_mb", "start_s", "compile_s", "loss")
    head = {"row": result.row.name, "side": side, "dtype": result.row.precision, "threads": result.threads}
    print(json.dumps(head | dict(zip(names, values))), file=file)
