"""Writes data/quant.bin: rows of f32, then the same as q8_0 and q4_0 by the gguf package and as q4_K
by llama.cpp's ggml (libggml-base.so.0, through ctypes). The seed is fixed."""
import ctypes
import pathlib

import numpy as np
from gguf import GGMLQuantizationType, quants

ROWS, COLS = 8, 512


def rows():
    random = np.random.default_rng(11)
    x = random.standard_normal((ROWS, COLS)) * np.array([1, 0.02, 1e-6, 30, 1, 1, 1, 1])[:, None]
    x[4] = random.standard_t(2, COLS) * 0.05
    x[5] = np.abs(x[5])            # no negative number, so no minimum
    x[6, 32:320] = 0               # whole blocks of nothing
    x[7] = np.round(x[7] * 4) / 4  # many ties
    return x.astype(np.float32)


def q4_k(x):
    ggml = ctypes.CDLL("libggml-base.so.0")
    out = np.zeros((ROWS, COLS // 256 * 144), np.uint8)
    done = ggml.ggml_quantize_chunk(12, x.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p),
                                    ctypes.c_int64(0), ctypes.c_int64(ROWS), ctypes.c_int64(COLS), None)
    assert done == out.size
    return out


def main():
    x = np.ascontiguousarray(rows())
    parts = [x, quants.quantize(x, GGMLQuantizationType.Q8_0), quants.quantize(x, GGMLQuantizationType.Q4_0), q4_k(x)]
    out = pathlib.Path(__file__).parent / "data" / "quant.bin"
    out.write_bytes(b"".join(p.tobytes() for p in parts))


main()
