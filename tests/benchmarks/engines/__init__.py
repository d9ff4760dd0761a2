"""The same bars through this engine, others, and plain tables: a module each, run in processes of their own.

``python -m tests.benchmarks.engines.NAME STEP ARGUMENTS`` as in ``tests.benchmarks.measuring``. Each step answers what
``work.Run`` holds.
"""
