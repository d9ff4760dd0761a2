#!/usr/bin/env bash
# pyarrow 26.0.1: to_numpy() of an array of plain numbers imports all of pandas, and so does pa.array([0, 1, 2]).
#
# Array.to_numpy is documented as a view without a copy, and neither call has anything to do with pandas. Where pandas
# is installed, the first one in a process imports it: 0.2 s and 40 MB for a program that never asked for it. The same
# numbers are had without it from the array's buffer, or by np.from_dlpack.
# Expected: pandas is imported by to_pandas, and by who gives pandas objects.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    pyarrow==26.0.1 pandas==2.3.3 numpy==2.3.5 2>&1 | { grep -v WARNING || true; }

for call in \
    "np.from_dlpack(numbers)" \
    "np.frombuffer(numbers.buffers()[1], np.int64)" \
    "numbers.to_pylist()" \
    "numbers.to_numpy()" \
    "pa.array([0, 1, 2])"
do
    "$work/venv/bin/python" - "$call" <<'PY'
import sys
import time

import numpy as np
import pyarrow as pa

call = sys.argv[1]
numbers = pa.Array.from_buffers(pa.int64(), 3, [None, pa.py_buffer(np.arange(3).tobytes())])
assert "pandas" not in sys.modules
began = time.perf_counter()
found = eval(call)
seconds = time.perf_counter() - began
print(f"{call:48}  {list(map(int, found if isinstance(found, list | np.ndarray) else found.to_pylist()))}  {seconds:.3f} s, "
      f"pandas imported: {'pandas' in sys.modules}")
assert ("pandas" in sys.modules) == (call in ("numbers.to_numpy()", "pa.array([0, 1, 2])")), "the surprise is gone"
PY
done
