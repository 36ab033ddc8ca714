"""A trace holds every chunk of a step once; on one thread no two overlap."""
import json
import sys

events = json.load(open(sys.argv[1]))["traceEvents"]
places = [(e["args"]["launch"], e["args"]["chunk"]) for e in events]
assert len(set(places)) == len(places) > 2, places
assert all(e["ph"] == "X" and e["dur"] >= 0 <= e["ts"] for e in events)
for thread in {e["tid"] for e in events}:
    spans = sorted((e["ts"], e["ts"] + e["dur"]) for e in events if e["tid"] == thread)
    assert all(end <= begin + 1e-3 for (_, end), (begin, _) in zip(spans, spans[1:])), spans
