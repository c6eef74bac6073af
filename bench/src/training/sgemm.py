"""Times OpenBLAS' sgemm on one core: GFLOP/s as JSON on standard output, null where this machine has no OpenBLAS.

The library is looked for where the system keeps libraries, and inside numpy, which brings one of its own.
"""

import ctypes
import ctypes.util
import glob
import importlib.util
import json
import os
import time

SIZE = 480
ROW_MAJOR, NO_TRANSPOSE = 101, 111


def candidates():
    system = ctypes.util.find_library("openblas")
    if system is not None:
        yield system
    numpy = importlib.util.find_spec("numpy")
    if numpy is not None and numpy.origin is not None:
        folder = os.path.join(os.path.dirname(os.path.dirname(numpy.origin)), "numpy.libs")
        yield from glob.glob(os.path.join(folder, "*openblas*"))


def find_sgemm():
    """The function and the type of its sizes: 64 bits where its name says so."""
    for name in candidates():
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        for symbol, integer in (
            ("cblas_sgemm", ctypes.c_int),
            ("scipy_cblas_sgemm64_", ctypes.c_int64),
            ("cblas_sgemm64_", ctypes.c_int64),
        ):
            if hasattr(library, symbol):
                return getattr(library, symbol), integer
    return None


def measure(sgemm, integer):
    sgemm.restype = None
    sgemm.argtypes = [ctypes.c_int] * 3 + [integer] * 3 + [
        ctypes.c_float, ctypes.c_void_p, integer, ctypes.c_void_p, integer,
        ctypes.c_float, ctypes.c_void_p, integer,
    ]
    left, right, target = ((ctypes.c_float * (SIZE * SIZE))(*[0.5] * (SIZE * SIZE)) for _ in range(3))

    def multiply():
        sgemm(
            ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, SIZE, SIZE, SIZE,
            1.0, left, SIZE, right, SIZE, 0.0, target, SIZE,
        )

    multiply()
    assert target[0] == 0.25 * SIZE and target[SIZE * SIZE - 1] == 0.25 * SIZE
    blocks = []
    for _ in range(15):
        before = time.process_time()
        for _ in range(40):
            multiply()
        blocks.append((time.process_time() - before) / 40)
    return 2 * SIZE**3 / sorted(blocks)[7] / 1e9


found = find_sgemm()
print(json.dumps(None if found is None else measure(*found)))
