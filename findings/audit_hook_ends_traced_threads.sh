#!/bin/bash
# With an audit hook written in Python (sys.addaudithook, which cannot be taken back), a thread that begins under
# coverage may end before it ran a line of its own, in Python 3.11: while a thread installs its trace, the hook is called,
# and another thread may get its turn; if that one begins too, it gets "RuntimeError: Cannot install a trace function
# while another trace function is being installed", mostly outside of run(), where threading.excepthook is not called:
# only sys.unraisablehook hears of it, join() returns, and whoever waits for the thread's work waits for ever.
# Without the hook, or with Python 3.12 or later, all threads run. It is a race: the longer the hook takes, the oftener.
# Seen with Python 3.11.7 and coverage 7.17.5 (one to two of ten threads that begin six at a time, with a hook of 30 us).
set -euo pipefail
python="${PYTHON:-python3.11}"
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "this is about Python 3.11" >&2; exit 1; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install -q coverage==7.17.5
cat >"$work/threads.py" <<'PY'
import sys
import threading

refused = []
ran = []
sys.unraisablehook = lambda told: refused.append(str(told.exc_value))
sys.setswitchinterval(1e-5)
if "hook" in sys.argv:
    sys.addaudithook(lambda event, args: sum(range(2000)))


def begin_many():
    for _ in range(500):
        thread = threading.Thread(target=lambda: ran.append(1))
        thread.start()
        thread.join()


beginning = [threading.Thread(target=begin_many) for _ in range(6)]
for thread in beginning:
    thread.start()
for thread in beginning:
    thread.join()
print(*sys.argv[1:], "threads that ran:", len(ran), "refused:", len(refused), *set(refused))
PY
cd "$work"
"$work/venv/bin/coverage" run threads.py none | tee none
"$work/venv/bin/coverage" run threads.py hook 2>"$work/excepthook" | tee hook
grep -q "threads that ran: 3000 refused: 0" none
grep -q "Cannot install a trace function while another trace function is being installed" hook
PY_RAN=$(sed -E 's/.*ran: ([0-9]+) .*/\1/' hook)
[[ "$PY_RAN" -lt 3000 ]]
