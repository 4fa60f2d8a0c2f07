"""Writes the seeds of the fuzz targets to tests/fuzz/corpus/<target>: a few sound files and many that
are wrong in one way each. Only the standard library is needed.

    python3 tests/fuzz/make_corpus.py"""

import base64
import os
import struct
import zlib

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
KINDS = {"u8": (0, "<B"), "i8": (1, "<b"), "u16": (2, "<H"), "i16": (3, "<h"), "u32": (4, "<I"), "i32": (5, "<i"),
         "f32": (6, "<f"), "bool": (7, "<B"), "str": (8, None), "arr": (9, None), "u64": (10, "<Q"),
         "i64": (11, "<q"), "f64": (12, "<d")}


def put(target, name, data):
    folder = os.path.join(HERE, target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


# ---- GGUF ----

def u32(n):
    return struct.pack("<I", n & 0xFFFFFFFF)


def u64(n):
    return struct.pack("<Q", n & 0xFFFFFFFFFFFFFFFF)


def text(s):
    s = s.encode() if isinstance(s, str) else s
    return u64(len(s)) + s


def value(kind, v):
    return text(v) if kind == "str" else struct.pack(KINDS[kind][1], v)


def key(name, kind, v):
    return text(name) + u32(KINDS[kind][0]) + value(kind, v)


def array(name, kind, values, count=None):
    n = len(values) if count is None else count
    return text(name) + u32(9) + u32(KINDS[kind][0]) + u64(n) + b"".join(value(kind, v) for v in values)


def tensor(name, dims, kind=0, offset=0):
    return text(name) + u32(len(dims)) + b"".join(map(u64, dims)) + u32(kind) + u64(offset)


def gguf(keys=(), tensors=(), data=b"", version=3, n_keys=None, n_tensors=None, align=32, magic=b"GGUF"):
    body = magic + u32(version) + u64(len(tensors) if n_tensors is None else n_tensors)
    body += u64(len(keys) if n_keys is None else n_keys) + b"".join(keys) + b"".join(tensors)
    return body + (bytes(-len(body) % align) if tensors else b"") + data


def gguf_seeds():
    every = [key(k, k, "words" if k == "str" else 1) for k in KINDS if k != "arr"]
    every += [array("a." + k, k, ["", "b", "ccc"] if k == "str" else [0, 1, 1]) for k in KINDS if k != "arr"]
    two = [tensor("a", [3, 2], 0, 0), tensor("b", [32], 8, 32)]
    good = dict(every=gguf(every, two, bytes(66)), v2=gguf(every, two, bytes(66), version=2), empty=gguf(),
                aligned=gguf([key("general.alignment", "u32", 8)], [tensor("a", [1]), tensor("b", [1], 0, 8)], bytes(12), align=8))
    yield from (("good_" + n, d) for n, d in good.items())
    for kind, (block, size) in {9: (32, 36), 10: (256, 84), 15: (256, 292), 16: (256, 66), 19: (256, 50), 20: (32, 18),
                                29: (256, 56), 34: (256, 54), 35: (256, 66), 39: (32, 17)}.items():
        yield f"good_type{kind}", gguf((), [tensor("t", [block], kind)], bytes(size))
        yield f"bad_type{kind}_cut", gguf((), [tensor("t", [block], kind)], bytes(size - 1))
        yield f"bad_type{kind}_row", gguf((), [tensor("t", [block + 1], kind)], bytes(2 * size))
    for kind in (4, 5, 31, 33, 36, 38, 40, 255, 0x7FFFFFFF, 0xFFFFFFFF):
        yield f"bad_type{kind}", gguf((), [tensor("t", [32], kind)], bytes(256))
    yield "bad_magic", gguf(every, magic=b"GGUX")
    for v in (0, 1, 4, 0x03000000, 0xFFFFFFFF):
        yield f"bad_version{v:x}", gguf(every, version=v)
    for n in (1, 65536, 65537, 2**31, 2**32 - 1, 2**32, 2**61, 2**63, 2**64 - 1):
        yield f"bad_keys{n:x}", gguf(n_keys=n)
        yield f"bad_tensors{n:x}", gguf(n_tensors=n)
        yield f"bad_key_name{n:x}", gguf([u64(n) + b"name" + u32(0) + b"\1"])
        yield f"{'bad' if n > 3 else 'good'}_string{n:x}", gguf([text("k") + u32(8) + u64(n) + b"abc"])
        yield f"bad_tensor_name{n:x}", gguf((), [u64(n) + b"name" + u32(1) + u64(1) + u32(0) + u64(0)], bytes(4))
        yield f"{'bad' if n > 1 else 'good'}_dim{n:x}", gguf((), [tensor("t", [n, 4])], bytes(64))
        yield f"bad_offset{n:x}", gguf((), [tensor("t", [1], 0, n), tensor("s", [1], 0, 0)], bytes(64))
        for k in ("u8", "u64", "str", "bool"):
            yield f"bad_array_{k}{n:x}", gguf([array("k", k, [], n)])
    for name, dims, kind in (("f32", [2**30, 2**30, 4], 0), ("i8", [2**30, 2**30, 16], 24), ("near", [2**31 - 1, 2**31 - 1, 4], 24),
                             ("q4_0", [2**31 - 32, 2**31 - 1, 7, 1], 2), ("full", [2**31 - 1] * 4, 28)):
        yield "bad_wrap_" + name, gguf((), [tensor("t", dims, kind)], bytes(64))
    for n in (5, 6, 255, 2**32 - 1):
        yield f"bad_n_dims{n:x}", gguf((), [text("t") + u32(n) + u64(1) * min(n, 8) + u32(0) + u64(0)], bytes(64))
    for a in (0, 1, 4, 7, 24, 131072, 2**31, 2**32 - 1):
        yield f"bad_alignment{a:x}", gguf([key("general.alignment", "u32", a)], [tensor("t", [1])], bytes(64))
    yield "bad_alignment_kind", gguf([key("general.alignment", "str", "32")])
    yield "bad_alignment_array", gguf([array("general.alignment", "u32", [32])])
    yield "bad_kind", gguf([text("k") + u32(13) + b"\0" * 8])
    yield "bad_nested", gguf([text("k") + u32(9) + u32(9) + u64(1) + u32(0) + u64(1) + b"\0"])
    yield "bad_item", gguf([text("k") + u32(9) + u32(99) + u64(1) + b"\0"])
    yield "bad_bool", gguf([key("k", "bool", 2)])
    yield "bad_bool_array", gguf([array("k", "bool", [0, 1, 255])])
    yield "bad_key_empty", gguf([key("", "u8", 1)])
    yield "bad_key_twice", gguf([key("k", "u8", 1), key("l", "u8", 1), key("k", "u8", 1)])
    yield "bad_name_empty", gguf((), [tensor("", [1])], bytes(64))
    yield "bad_name_long", gguf((), [tensor("n" * 65, [1])], bytes(64))
    yield "bad_name_twice", gguf((), [tensor("t", [1]), tensor("t", [1], 0, 32)], bytes(64))
    yield "bad_overlap_same", gguf((), [tensor("a", [1]), tensor("b", [1])], bytes(64))
    yield "bad_overlap_tail", gguf((), [tensor("a", [16]), tensor("b", [1], 0, 32)], bytes(64))
    yield "bad_overlap_order", gguf((), [tensor("a", [1], 0, 32), tensor("b", [9])], bytes(64))
    yield "bad_unaligned", gguf((), [tensor("a", [1], 0, 4)], bytes(64))
    yield "bad_past_end", gguf((), [tensor("a", [16])], bytes(63))
    yield "bad_no_data", gguf((), [tensor("a", [1])])
    yield "bad_control_name", gguf((), [tensor(b"\x1b[2J\n", [0])], bytes(64))
    whole = good["every"]
    for n in (0, 1, 3, 4, 7, 8, 15, 16, 23, 24, 25, 31, 32, len(whole) // 3, len(whole) // 2, len(whole) - 100, len(whole) - 1):
        yield f"bad_cut{n}", whole[:n]


# ---- NPY ----

def npy(head, data=b"", version=1, length=None):
    n = len(head) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", n) + head.encode() + data


def dict_of(descr="<f4", order="False", shape="(2,)"):
    return "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n" % (descr, order, shape)


def npy_seeds():
    for d, n in (("<f4", 8), ("<f8", 16), ("<i4", 8), ("<i8", 16)):
        yield "good_" + d[1:], npy(dict_of(d), bytes(n))
    for v in (2, 3):
        yield f"good_v{v}", npy(dict_of(shape="(2, 3)"), bytes(24), v)
    yield "good_scalar", npy(dict_of(shape="()"), bytes(4))
    yield "good_empty", npy(dict_of(shape="(3, 0)"))
    yield "good_quotes", npy('{"shape":(1,1),"descr":"<f4","fortran_order":False}', bytes(4))
    for v in (0, 4, 255):
        yield f"bad_version{v}", npy(dict_of(), bytes(8), v)
    for n in (0, 1, 65535):
        yield f"bad_length{n}", npy(dict_of(), bytes(8), 1, n)
    yield "bad_length_v2", npy(dict_of(), bytes(8), 2, 2**32 - 1)
    shapes = ["(4294967296, 4294967296)", "(4611686018427387904,)", "(0, 4294967296, 4294967296)", "(99999999999999999999,)",
              "(-1,)", "(1 2)", "(1,,)", "(,)", "((1,),)", "(1.5,)", "1", "(" * 100, "(1,1,1,1,1,1,1,1,1)", "(3,)", "(1,)"]
    for i, s in enumerate(shapes):
        yield f"bad_shape{i}", npy(dict_of(shape=s), bytes(8))
    for i, d in enumerate([">f4", "<f2", "|u1", "<f4 ", "", "f4", "<c8", "<f4" * 30]):
        yield f"bad_descr{i}", npy(dict_of(d), bytes(8))
    for i, o in enumerate(["True", "0", "", "Fals", "'False'"]):
        yield f"bad_order{i}", npy(dict_of(order=o), bytes(8))
    for i, h in enumerate(["", "{", "}", "{}", "{'descr'", "{'descr':", "{'descr': '<f4", "{'x': 1}", "[]", dict_of() + "x",
                           "{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"]):
        yield f"bad_head{i}", npy(h, bytes(8))
    yield "bad_f8", npy(dict_of("<f8", shape="(1,)"), struct.pack("<d", 1e300))
    yield "bad_i8", npy(dict_of("<i8", shape="(1,)"), struct.pack("<q", 2**31))
    yield "bad_magic", b"\x93NUMPX" + bytes(20)
    for n in (0, 5, 6, 8, 9, 10, 20):
        yield f"bad_cut{n}", npy(dict_of(), bytes(8))[:n]


# ---- pictures ----

def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(w=3, h=2, depth=8, colour=2, rows=None, interlace=0, before=b"", after=b"", end=True, z=None):
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 3)
    if rows is None:
        rows = (b"\0" + bytes(range(1, 1 + (w * samples * depth + 7) // 8))) * h
    head = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, interlace)
    body = zlib.compress(rows) if z is None else z
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", body) + after
            + (chunk(b"IEND", b"") if end else b""))


def tiff(value=6, order=">", kind=3, count=1, n=1, at=8):
    return ((b"MM" if order == ">" else b"II") + struct.pack(order + "HI", 42, at)
            + struct.pack(order + "HHHIHH", n, 0x112, kind, count, value, 0) + bytes(4))


def png_seeds():
    palette = chunk(b"PLTE", bytes(range(48)))
    for colour, depths in ((0, (1, 2, 4, 8, 16)), (2, (8, 16)), (4, (8, 16)), (6, (8, 16))):
        for depth in depths:
            yield f"good_png{colour}_{depth}", png(depth=depth, colour=colour)
    for depth in (1, 2, 4, 8):
        yield f"good_png3_{depth}", png(depth=depth, colour=3, before=palette + chunk(b"tRNS", b"\0\x80"))
    passes = [(1, 1), (0, 0), (0, 0), (1, 1), (1, 0), (1, 1), (3, 1)]
    for depth in (8, 16):
        rows = b"".join((b"\0" + bytes(w * 3 * depth // 8)) * h for w, h in passes if w)
        yield f"good_interlaced{depth}", png(depth=depth, interlace=1, rows=rows)
    yield "good_key", png(before=chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3)))
    for order in "<>":
        yield f"good_exif{ord(order)}", png(before=chunk(b"eXIf", tiff(order=order)))
    for f in range(1, 5):
        yield f"good_filter{f}", png(rows=(bytes([f]) + bytes(range(9))) * 2)
    yield "bad_filter", png(rows=(b"\5" + bytes(9)) * 2)
    for name, d in (("kind", tiff(kind=4)), ("value0", tiff(0)), ("value9", tiff(9)), ("count", tiff(count=2)),
                    ("far", tiff(at=2**32 - 1)), ("at7", tiff(at=7)), ("n", tiff(n=65535)), ("cut", tiff()[:20]), ("tiny", b"MM")):
        yield "good_exif_" + name, png(before=chunk(b"eXIf", d))
    for w, h in ((0, 1), (1, 0), (65536, 1), (65535, 65535), (8000, 8001), (20000, 3000), (2**31, 1), (2**32 - 1, 2**32 - 1), (3, 3)):
        yield f"bad_size{w:x}_{h:x}", png(w, h, rows=bytes(20))
    yield "bad_depth", png(depth=3)
    yield "bad_colour", png(colour=5)
    yield "bad_interlace", png(interlace=2)
    yield "bad_no_end", png(end=False)
    yield "bad_no_data", png(z=b"")
    yield "bad_zlib", png(z=b"\x78\x9c\xff\xff\xff\xff")
    yield "bad_zlib_cut", png(z=zlib.compress(bytes(20))[:-7])
    yield "good_zlib_long", png(z=zlib.compress(bytes(100000)))
    yield "bad_palette_missing", png(colour=3)
    yield "bad_palette_long", png(colour=3, before=chunk(b"PLTE", bytes(769)))
    yield "bad_palette_order", png(colour=3, before=chunk(b"tRNS", bytes(4)) + palette)
    yield "bad_key_long", png(before=chunk(b"tRNS", bytes(8)))
    yield "bad_two_heads", png(before=chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0)))
    yield "bad_chunk_length", png()[:33] + struct.pack(">I", 2**31) + png()[37:]
    yield "bad_first_chunk", b"\x89PNG\r\n\x1a\n" + chunk(b"CgBI", bytes(4)) + png()[8:]
    for n in (1, 8, 9, 20, 33, 40, 60, len(png()) - 12, len(png()) - 1):
        yield f"bad_png_cut{n}", png()[:n]


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def huffman(kind, codes):
    """A table of as many codes of eight bits as there are values."""
    lengths = [0] * 16
    lengths[7] = len(codes)
    return segment(0xC4, bytes([kind]) + bytes(lengths) + bytes(codes))


def jpeg(w=8, h=8, n=1, frame=0xC0, sampling=0x11, exif=b"", before=b"", scan=b"\0" * 12, scans=1, end=True, bits=8,
         quant=b"\0" + b"\1" * 64, dc=(0, 1, 2, 3)):
    parts = b"".join(bytes([c + 1, sampling if c == 0 else 0x11, 0]) for c in range(n))
    out = b"\xff\xd8" + (segment(0xE1, b"Exif\0\0" + exif) if exif else b"") + before
    out += segment(0xDB, quant)
    out += segment(frame, struct.pack(">BHHB", bits, h, w, n) + parts)
    out += huffman(0x00, dc) + huffman(0x10, [0, 1, 0x11, 0xF0])
    order = bytes([n]) + b"".join(bytes([c + 1, 0]) for c in range(n))
    for i in range(scans):
        out += segment(0xDA, order + (b"\0\0\0" if frame == 0xC2 else b"\0\x3f\0")) + scan
    return out + (b"\xff\xd9" if end else b"")


def jpeg_seeds():
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\0")
    yield "good_grey", jpeg()
    for s in (0x11, 0x21, 0x12, 0x22, 0x41):
        yield f"good_colour{s:x}", jpeg(17, 9, 3, sampling=s, scan=bytes(300))
    yield "good_progressive", jpeg(16, 16, 3, 0xC2, scan=bytes(40), scans=1)
    yield "good_cmyk", jpeg(n=4, before=adobe, scan=bytes(20))
    yield "good_restart", jpeg(16, 16, before=segment(0xDD, b"\0\1"), scan=b"\0\0\xff\xd0\0\0\xff\xd1\0\0")
    for v in range(1, 9):
        yield f"good_exif{v}", jpeg(5, 7, exif=tiff(v, "<" if v % 2 else ">"))
    yield "good_exif_far_off", jpeg(exif=tiff(at=2**32 - 2))
    # A progressive picture whose refinement takes more bits than there are.
    yield "good_refinement", base64.b64decode(
        "/9j/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB//8AkAEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wgALCAAIAggBAREA/8QAFwAAAAAAAAAABAAA"
        "AAAAAAAAAAECA//EABcQAAAAAAAAAAQAAAAAAAAAAAEAAMD////////////////aAAgBAQAAAAD/2gAIAQEAAAAA/9oACAEBAAAAAP/aAAgBAQAAAAD/2gAIAQEAAQEB/9k=")
    yield "bad_cmyk", jpeg(n=4)
    yield "bad_components", jpeg(n=2)
    yield "bad_bits", jpeg(bits=12)
    for m in (0xC1, 0xC3, 0xC5, 0xC9, 0xCB, 0xCF):
        yield f"{'good' if m in (0xC1, 0xC9) else 'bad'}_frame{m:x}", jpeg(frame=m)
    for w, h in ((0, 8), (8, 0), (65535, 65535), (65535, 900), (20000, 3000)):
        yield f"bad_jpeg_size{w}_{h}", jpeg(w, h)
    for s in (0, 0x10, 0x01, 0x44, 0x51, 0x15, 0xFF):
        yield f"bad_sampling{s:x}", jpeg(n=3, sampling=s)
    yield "bad_scans", jpeg(frame=0xC2, scans=65, scan=b"")
    yield "bad_no_scan", jpeg(scans=0)
    yield "good_jpeg_no_end", jpeg(end=False)
    yield "bad_scan_first", b"\xff\xd8" + segment(0xDA, b"\1\1\0\0\x3f\0") + jpeg()[2:]
    yield "bad_two_frames", jpeg(before=segment(0xC0, struct.pack(">BHHB", 8, 99, 99, 1) + b"\1\x11\0"))
    yield "bad_segment_length", b"\xff\xd8\xff\xe0\0\1" + jpeg()[2:]
    yield "bad_huffman", jpeg(before=segment(0xC4, b"\0" + b"\xff" * 16 + bytes(200)))
    yield "bad_huffman_id", jpeg(before=segment(0xC4, b"\x25" + bytes(16)))
    yield "bad_tables_id", jpeg(before=segment(0xDB, b"\x0f" + bytes(64)))
    yield "bad_restart", jpeg(before=segment(0xDD, b"\0"))
    yield "good_wrap", jpeg(400, 400, quant=b"\x10" + b"\xff" * 128, dc=(10,))
    yield "good_fill", jpeg().replace(b"\xff\xdb", b"\xff\xff\xff\xdb")
    yield "good_after_end", jpeg() + b"more"
    for n in (2, 3, 4, 6, 30, 70, len(jpeg()) - 2, len(jpeg()) - 1):
        yield f"{'good' if n > 70 else 'bad'}_jpeg_cut{n}", jpeg()[:n]


def bmp(w=3, h=2, bits=24, head=40, compression=0, offset=None, extra=b"", body=None):
    if body is None:
        body = bytes(range(256)) * ((abs(h) * ((min(w, 99) * bits + 31) // 32 * 4)) // 256 + 1)
    info = struct.pack("<IiiHHIIiiII", head, w, h, 1, bits, compression, 0, 0, 0, 0, 0)
    if head == 12:
        info = struct.pack("<IHHHH", head, w, h, 1, bits)
    info = (info + extra + bytes(max(0, head - len(info) - len(extra)))) if head > 40 else info + extra
    at = 14 + len(info) if offset is None else offset
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, at) + info + body


def bmp_seeds():
    masks = struct.pack("<IIII", 0xF800, 0x7E0, 0x1F, 0)
    for bits in (1, 4, 8):
        yield f"good_bmp{bits}", bmp(bits=bits, extra=bytes(range(4 << bits if bits < 8 else 64)))
    for bits in (16, 24, 32):
        yield f"good_bmp{bits}", bmp(bits=bits)
    yield "good_top_down", bmp(h=-2)
    yield "good_os2", bmp(head=12)
    for head in (52, 56, 108, 124):
        yield f"good_head{head}", bmp(bits=16, head=head, compression=3, extra=masks)
    yield "good_masks", bmp(bits=16, compression=3, extra=masks[:12])
    yield "good_alpha", bmp(bits=32, head=108, compression=3, extra=struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000))
    yield "good_odd_masks", bmp(bits=32, compression=3, extra=struct.pack("<III", 0xFFFFFFFF, 0x80000001, 1))
    yield "bad_mask", bmp(bits=32, compression=3, extra=bytes(12))
    yield "bad_masks_cut", bmp(bits=32, compression=3, body=b"")
    for w, h in ((0, 1), (1, 0), (-1, 1), (1, -2**31), (65536, 1), (65535, 65535), (9000, 9000)):
        yield f"bad_bmp_size{w}_{h}", bmp(w, h, body=bytes(64))
    for o in (0, 13, 53, 2**31, 2**32 - 1):
        yield f"bad_bmp_offset{o:x}", bmp(offset=o)
    for b in (0, 2, 3, 48, 64, 65535):
        yield f"bad_bmp_bits{b}", bmp(bits=b, body=bytes(64))
    for c in (1, 2, 3, 4, 5, 2**32 - 1):
        yield f"bad_bmp_compression{c:x}", bmp(compression=c)
    for h in (0, 11, 16, 41, 64, 2**32 - 1):
        yield f"bad_bmp_head{h:x}", bmp()[:14] + struct.pack("<I", h) + bmp()[18:]
    yield "bad_palette_none", bmp(bits=8)
    yield "good_palette_short", bmp(bits=8, extra=bytes(8))
    for n in (2, 14, 18, 25, 26, 53, 54, 60):
        yield f"bad_bmp_cut{n}", bmp()[:n]


def ppm_seeds():
    yield "good_ppm", b"P6 2 1 255\n" + bytes(6)
    yield "good_pgm", b"P5 2 1 255\n" + bytes(2)
    yield "good_deep", b"P6\n2\n1\n65535\n" + bytes(12)
    yield "good_comment", b"P5 # x\n 2#\n1 #255\n 7 " + b"\x09\x05"
    for i, d in enumerate([b"P6", b"P6 ", b"P6 2", b"P6 2 1", b"P6 2 1 255", b"P6 2 1 255\n" + bytes(5), b"P6 0 1 255\n", b"P6 2 0 255\n",
                           b"P6 2 1 0\n" + bytes(6), b"P6 2 1 65536\n" + bytes(12), b"P6 -1 1 255\n", b"P6 99999999 1 255\n",
                           b"P6 65535 65535 255\n", b"P6 9999999 9999999 255\n", b"P6 2 1 255x" + bytes(6), b"P6 # no end", b"P4 8 1\n\0"]):
        yield f"bad_ppm{i}", d


def other_seeds():
    yield "bad_empty", b""
    yield "bad_gif", b"GIF89a\1\0\1\0\0\0\0;"
    yield "bad_tga", b"\0\0\2\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\x20\0"
    yield "bad_webp", b"RIFF\x20\0\0\0WEBPVP8L"


# ---- safetensors ----

def safetensors_seeds():
    def file(header, data=b"", length=None):
        return u64(len(header) if length is None else length) + header + data

    def entry(name, dtype, shape, begin, end):
        return f'"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{begin},{end}]}}'

    one = entry("a", "F32", "[1]", 0, 4)
    good = {"one": (one, 4), "none": ("", 0), "two": (one + "," + entry("b", "BF16", "[2,3]", 4, 16), 16),
            "empty": (one + "," + entry("b", "I64", "[0]", 4, 4), 4),
            "note": ('"__metadata__":{"format":"pt"},' + one, 4)}
    for name, (entries, n) in good.items():
        yield "good_" + name, file(("{" + entries + "}").encode(), bytes(n))
    header = ("{" + one + "}").encode()
    yield "bad_long", file(header, bytes(4), 2**63)
    yield "bad_short", file(header, bytes(4), 7)
    yield "bad_cut", file(header, bytes(3))
    yield "bad_more", file(header, bytes(5))
    yield "bad_twice", file(("{" + one + "," + one + "}").encode(), bytes(4))
    yield "bad_overlap", file(("{" + one + "," + entry("b", "F16", "[2]", 2, 6) + "}").encode(), bytes(6))
    yield "bad_wide", file(("{" + entry("a", "F32", "[2147483647,2147483647,4]", 0, 4) + "}").encode(), bytes(4))
    yield "bad_deep", file(b"[" * 3000)


# ---- folders of the hub ----

FOLDER_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json",
                "preprocessor_config.json", "model.safetensors.index.json", "tokenizer.model")
FOLDERS = os.path.join(os.path.dirname(HERE), "..", "families", "folders")


def family_seeds():
    """One model of tests/config/pair.c each, one or two of its keys changed (fuzz_family.c)."""
    for pair in range(35):
        first = bytes([pair % 2, 1, pair, 0, 0x80 + pair % 15, 0, 0, 0, 0, 0])
        second = bytes([1, pair % 6, 3 * pair % 256, 1, pair % 32, 64, 0, 0, 0, pair % 2])
        yield ("pair_%02u" % pair, bytes([pair, 89, 59]) + first)
        yield ("pair_%02u_two" % pair, bytes([pair, 19, 70]) + first + second)


def folder_seeds():
    def files(name):
        found = {}
        for file in FOLDER_FILES:
            path = os.path.join(FOLDERS, name, file)
            if os.path.exists(path):
                with open(path, "rb") as f:
                    found[file] = f.read()
        return found

    def joined(found):
        return b"\0".join(found.get(file, b"") for file in FOLDER_FILES)

    for name in ("pieces_bpe", "qwen2", "qwen3", "gemma3", "phi3", "opt", "mllama", "blip2", "git", "minicpmv"):
        yield name, joined(files(name))
    llama = files("llama")
    shard = llama["model.safetensors.index.json"]
    for number in (b"1", b"2", b"3"):
        shard = shard.replace(b"model-0000" + number + b"-of-00003", b"model-00001-of-00001")
    yield "llama_index", joined({**llama, "model.safetensors.index.json": shard})
    yield "index_outside", joined({**llama, "model.safetensors.index.json":
                                   b'{"weight_map":{"lm_head.weight":"../../x.safetensors"}}'})
    one = files("pieces_bpe")
    config = one["config.json"]
    for name, text in (("none", b""), ("cut", config[:len(config) // 2]), ("array", b"[]"), ("deep", b"[" * 3000),
                       ("number", config.replace(b'"num_hidden_layers": 1,', b'"num_hidden_layers": 1e308,')),
                       ("negative", config.replace(b'"num_attention_heads": 4', b'"num_attention_heads": -4')),
                       ("twice", config.replace(b"{", b'{"model_type":"llama",', 1))):
        yield "config_" + name, joined({**one, "config.json": text})
    pieces = one["tokenizer.model"]
    for name, text in (("none", b""), ("cut", pieces[:-3]), ("long", b"\x0a\xff\xff\xff\xff\x0f" + pieces),
                       ("varint", b"\xff" * 11), ("empty_piece", b"\x0a\x00" + pieces)):
        yield "pieces_" + name, joined({**one, "tokenizer.model": text})
    words = files("qwen2")
    for name, text in (("empty", b"{}"), ("ids", words["tokenizer.json"].replace(b": 1,", b": 4294967295,", 1)),
                       ("merges", words["tokenizer.json"].replace(b'"merges": [', b'"merges": [["a"], 7, ', 1))):
        yield "words_" + name, joined({**words, "tokenizer.json": text})


def data_seeds():
    """Pictures of the formats that only a library can write, from those that are compared."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "io", "data")
    for name in sorted(os.listdir(folder)):
        if name.endswith((".gif", ".webp", ".tif", ".heic", ".avif")):
            with open(os.path.join(folder, name), "rb") as f:
                yield "good_" + name.replace(".", "_"), f.read()


if __name__ == "__main__":
    for target, seeds in (("gguf", (gguf_seeds,)), ("npy", (npy_seeds,)),
                          ("safetensors", (safetensors_seeds,)), ("folder", (folder_seeds,)),
                          ("family", (family_seeds,)),
                          ("picture", (png_seeds, jpeg_seeds, bmp_seeds, ppm_seeds, other_seeds, data_seeds))):
        names = set()
        for source in seeds:
            for name, data in source():
                assert name not in names, (target, name)
                names.add(name)
                put(target, name, data)
        print(target, len(names), "files")
