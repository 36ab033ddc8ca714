"""L6.7: of equal elements the first has all of the gradient of max and min.

  ties.py MODEL"""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "reference"))

import binary
import numpy as np
import tensorfile

with tempfile.TemporaryDirectory() as folder:
    files = binary.Files(Path(folder))
    tensorfile.write(files.data, {"x": np.ones((20, 2), np.float32)})
    tensorfile.write(files.init, {name: np.full((3, 5), 0.5, np.float32) for name in ("high", "low")})
    program = Path(folder, "train")
    subprocess.run([binary.compiler(), "build", sys.argv[1], "-o", program, "--with=gradients"], check=True)
    found = binary.run(program, files, ["--steps", "1"], gradients=True).gradients
first = np.zeros((3, 5), np.float32)
first[:, 0] = 1
column = np.zeros((3, 5), np.float32)
column[0] = 1
expected = {"high": first, "low": column}
wrong = [f"{name}:\n{found[name]}" for name in expected if not np.array_equal(found[name], expected[name])]
sys.exit("\n".join(wrong) or 0)
