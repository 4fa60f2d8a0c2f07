"""Writes data/dequant_TYPE.bin: two rows of 512 random elements in a GGUF format, then their values.

The values come from the gguf package of the format's own project (pip install gguf numpy). Scales
are sane halves, all other bytes are random; the seed is fixed."""
import pathlib

import numpy as np
from gguf import GGMLQuantizationType, quants

ROWS, COLS = 2, 512
# Where a block keeps its scales: byte offsets of its halves.
TYPES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2],
         "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "F16": None, "BF16": None,
         "Q2_K": [80, 82], "Q3_K": [108], "IQ4_NL": [0], "IQ4_XS": [0], "MXFP4": []}


def main():
    random = np.random.default_rng(7)
    out = pathlib.Path(__file__).parent / "data"
    for name, halves in TYPES.items():
        kind = GGMLQuantizationType[name]
        if halves is None:
            values = random.standard_normal((ROWS, COLS)).astype(np.float32)
            data = quants.quantize(values, kind)
        else:
            block, size = quants.GGML_QUANT_SIZES[kind]
            data = random.integers(0, 256, (ROWS, COLS // block, size), dtype=np.uint8)
            for at in halves:
                scales = random.uniform(-0.1, 0.1, data.shape[:2]).astype(np.float16)
                data[:, :, at:at + 2] = scales[..., None].view(np.uint8)
            if name == "MXFP4":  # one byte of exponent
                data[:, :, 0] = random.integers(112, 132, data.shape[:2])
            data = data.reshape(ROWS, -1)
        values = quants.dequantize(data, kind).astype(np.float32).reshape(ROWS, COLS)
        (out / f"dequant_{name.lower()}.bin").write_bytes(data.tobytes() + values.tobytes())


main()
