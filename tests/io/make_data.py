"""Makes the pictures under tests/io/data and, for each, the RGB that it must decode to.

    python3 tests/io/make_data.py [KIND...]    needs Pillow, NumPy, for `camera` jpegtran
                                               and for `heif` pillow-heif

NAME.png (or .jpg, .bmp, .ppm, .pgm) is the picture, NAME.png.rgb what Pillow or the formula beside it
says: two little-endian u16 (width, height) and the pixels. No picture is above 40 x 40."""

import io
import os
import struct
import sys
import zlib

import numpy as np
from PIL import Image

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")


def save(name, data, rgb):
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)
    rgb = np.asarray(rgb, np.uint8)
    assert rgb.ndim == 3 and rgb.shape[2] == 3
    with open(os.path.join(HERE, name + ".rgb"), "wb") as f:
        f.write(struct.pack("<HH", rgb.shape[1], rgb.shape[0]) + rgb.tobytes())


def packed(image, kind, **how):
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def rgb_of(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def over_white(rgba):
    rgba = np.asarray(rgba, np.uint32)
    a = rgba[..., 3:]
    return ((rgba[..., :3] * a + 255 * (255 - a) + 127) // 255).astype(np.uint8)


def scene(w, h, seed):
    """Smooth colours with a few hard edges, so that flips, swaps and shifts all show."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:h, 0:w]
    a = np.stack([255 * x / (w - 1), 255 * y / (h - 1), 127 + 120 * np.sin(x / 5 + y / 7)], -1)
    a[2 : h // 3, 3 : w // 3] = (230, 20, 40)
    a[h // 2 : h // 2 + 5, w // 2 : w - 2] = (10, 40, 220)
    return np.clip(a + rng.integers(-3, 4, a.shape), 0, 255).astype(np.uint8)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(w, h, depth, colour, rows, extra=b"", interlace=0):
    head = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def png_rows(a, depth):
    """Filter 0 and the samples of each row packed to whole bytes."""
    out = b""
    for row in a.reshape(a.shape[0], -1):
        if depth == 16:
            body = row.astype(">u2").tobytes()
        else:
            bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - depth :]
            body = np.packbits(bits.ravel()).tobytes()
        out += b"\0" + body
    return out


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def adam7_rows(a, depth):
    return b"".join(png_rows(a[y::dy, x::dx], depth) for x, y, dx, dy in ADAM7 if a[y::dy, x::dx].size)


def make_png():
    rgb = scene(37, 29, 1)
    save("rgb8.png", packed(Image.fromarray(rgb), "PNG"), rgb)
    grey = rgb[..., 1]
    save("grey8.png", packed(Image.fromarray(grey), "PNG"), np.repeat(grey[..., None], 3, 2))
    rgba = np.dstack([rgb, np.linspace(0, 255, 37 * 29).reshape(29, 37).astype(np.uint8)])
    save("rgba8.png", packed(Image.fromarray(rgba), "PNG"), over_white(rgba))
    la = np.dstack([grey, rgba[..., 3]])
    save("greya8.png", packed(Image.fromarray(la), "PNG"), over_white(np.dstack([grey, grey, grey, rgba[..., 3]])))
    p = Image.fromarray(rgb).quantize(30)
    data = packed(p, "PNG")
    save("palette.png", data, rgb_of(data))
    data = packed(p, "PNG", transparency=bytes(range(0, 240, 8)))
    save("palette_alpha.png", data, over_white(Image.open(io.BytesIO(data)).convert("RGBA")))
    for depth in (1, 2, 4):
        a = (grey >> (8 - depth)).astype(np.uint8)
        want = np.repeat((a.astype(int) * 255 // (2**depth - 1))[..., None], 3, 2)
        save(f"grey{depth}.png", png(37, 29, depth, 0, png_rows(a, depth)), want)
    rng = np.random.default_rng(2)
    deep = rgb.astype(np.uint16) << 8 | rng.integers(0, 256, rgb.shape)
    save("rgb16.png", png(37, 29, 16, 2, png_rows(deep, 16)), deep >> 8)
    save("grey16.png", png(37, 29, 16, 0, png_rows(deep[..., :1], 16)), np.repeat(deep[..., :1] >> 8, 3, 2))
    save("interlaced.png", png(37, 29, 8, 2, adam7_rows(rgb, 8), interlace=1), rgb)
    save("interlaced16.png", png(37, 29, 16, 2, adam7_rows(deep, 16), interlace=1), deep >> 8)
    key = rgb.copy()
    key[5:9, 5:20] = (1, 2, 3)
    want = key.copy()
    want[5:9, 5:20] = 255
    save("key.png", png(37, 29, 8, 2, png_rows(key, 8), chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3))), want)
    save("one.png", packed(Image.fromarray(rgb[:1, :1]), "PNG"), rgb[:1, :1])
    save("exif6.png", png(37, 29, 8, 2, png_rows(rgb, 8), chunk(b"eXIf", tiff(6, ">"))), turned(rgb, 6))
    for name, kind, rows in (("rgb8", 2, png_rows(rgb, 8)), ("interlaced", 2, adam7_rows(rgb, 8))):
        data = png(37, 29, 8, kind, rows, interlace=int(name == "interlaced"))
        assert (rgb_of(data) == rgb).all()


def tiff(orientation, order):
    mark = b"II" if order == "<" else b"MM"
    entry = struct.pack(order + "HHIHH", 0x112, 3, 1, orientation, 0)
    other = struct.pack(order + "HHII", 0x100, 4, 1, 37)
    return mark + struct.pack(order + "HI", 42, 8) + struct.pack(order + "H", 2) + other + entry + bytes(4)


def turned(a, orientation):
    """Upright, by the words of the EXIF standard: where stored row 0 and column 0 belong."""
    return {1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
            5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, -1),
            7: lambda a: a[::-1, ::-1].transpose(1, 0, 2), 8: lambda a: np.rot90(a, 1)}[orientation](a)


def make_jpeg():
    from PIL import ImageOps
    rgb = scene(40, 24, 3)
    image = Image.fromarray(rgb)
    full = dict(quality=92, subsampling=0)
    for name, how in (("full", full), ("progressive", dict(full, progressive=True)),
                      ("half", dict(quality=92, subsampling=1)), ("quarter", dict(quality=92, subsampling=2)),
                      ("restart", dict(full, restart_marker_blocks=2))):
        data = packed(image, "JPEG", **how)
        save(name + ".jpg", data, rgb_of(data))
    data = packed(image.convert("L"), "JPEG", quality=92)
    save("grey.jpg", data, rgb_of(data))
    data = packed(image, "JPEG", quality=92, keep_rgb=True)
    save("keep_rgb.jpg", data, rgb_of(data))
    small = image.crop((0, 0, 19, 11))
    data = packed(small, "JPEG", **full)
    save("odd.jpg", data, rgb_of(data))
    cmyk = np.dstack([255 - rgb, np.full(rgb.shape[:2], 40, np.uint8)])
    data = packed(Image.fromarray(cmyk, "CMYK"), "JPEG", **full)
    save("cmyk.jpg", data, rgb_of(data))
    for o in range(1, 9):
        data = packed(image, "JPEG", exif=b"Exif\0\0" + tiff(o, "<" if o % 2 else ">"), **full)
        want = turned(rgb_of(data), o)
        pil = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
        assert (want == pil).all(), o
        save(f"exif{o}.jpg", data, want)
    bad = {"type": struct.pack("<2sHIHHHII", b"II", 42, 8, 1, 0x112, 4, 1, 6) + bytes(4),
           "value": tiff(9, "<"), "zero": tiff(0, ">"), "mark": b"IM" + tiff(6, "<")[2:],
           "far": b"II*\0\xf0\xff\xff\xff" + bytes(8), "short": b"MM\0*", "cut": tiff(6, "<")[:30]}
    for name, body in bad.items():
        data = packed(image, "JPEG", exif=b"Exif\0\0" + body, **full)
        save(f"exif_bad_{name}.jpg", data, rgb_of(data))


def scan_at(data):
    """Behind the head of the first scan."""
    at = data.index(b"\xff\xda")
    return at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]


def make_camera():
    """JPEGs as cameras write them: what stands between and behind their data means nothing."""
    image = Image.fromarray(scene(40, 24, 6))
    data = packed(image, "JPEG", quality=92, subsampling=0, restart_marker_blocks=5)
    want = rgb_of(data)
    body, n = data[:-2], data.index(b"\xff\xd1")
    for name, camera in (
        ("junk_ff00", body + b"\xff\0" * 30 + b"\xff\xd9"),
        ("junk_rst", body + b"\xff\xd3\xff\xd4\xff\xd5" * 9 + b"\xff\xd9"),
        ("junk_marker", body + b"\xff\x02\xff\xef\xff\xff junk \xff\xe1\xff\xff" + b"\xff\xd9"),
        ("junk_behind", data + b"\xff\xe1\xff\xffSEFH" + bytes(64)),
        ("junk_fill", data[:n] + b"\xff" * 7 + data[n:]),
        ("junk_inside", data[:n] + b"\xff\0" * 9 + data[n:]),
        ("no_end", body),
        ("no_tables", data),
    ):
        if name == "no_tables":  # Motion JPEG leaves out the tables of the standard
            data = packed(image, "JPEG", quality=92, subsampling=1)
            want, camera = rgb_of(data), data
            while (at := camera.find(b"\xff\xc4")) >= 0:
                camera = camera[:at] + camera[at + 2 + struct.unpack(">H", camera[at + 2 : at + 4])[0] :]
        save(name + ".jpg", camera, want)
    coded = os.popen("jpegtran -arithmetic " + os.path.join(HERE, "full.jpg")).buffer.read()
    assert b"\xff\xc9" in coded  # jpegtran is of libjpeg-turbo-progs
    save("arithmetic.jpg", coded, rgb_of(coded))


def bmp(head, body, bits, w, h, compression=0, after=b"", colours=0):
    offset = 14 + head + len(after)
    info = struct.pack("<IiiHHIIiiII", head, w, h, 1, bits, compression, len(body), 0, 0, colours, 0)
    if head == 12:
        info = struct.pack("<IHHHH", head, w, h, 1, bits)
    info += bytes(max(0, head - len(info)))
    if head > 40:
        info = info[:40] + after[:16] + info[56:]
        after = after[16:]
        offset -= 16
    return b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset) + info + after + body


def bmp_rows(rows):
    return b"".join(r + bytes(-len(r) % 4) for r in rows)


def make_bmp():
    rgb = scene(37, 21, 4)
    h, w = rgb.shape[:2]
    image = Image.fromarray(rgb)
    save("rgb24.bmp", packed(image, "BMP"), rgb)
    bgr = rgb[..., ::-1]
    save("top_down.bmp", bmp(40, bmp_rows(r.tobytes() for r in bgr), 24, w, -h), rgb)
    save("os2.bmp", bmp(12, bmp_rows(r.tobytes() for r in bgr[::-1]), 24, w, h), rgb)
    save("grey.bmp", packed(image.convert("L"), "BMP"), np.asarray(image.convert("L").convert("RGB")))
    for bits in (1, 4, 8):
        colours = 2**bits if bits < 8 else 200
        data = packed(image.quantize(colours), "BMP")
        index = np.asarray(image.quantize(colours))
        palette = np.asarray(image.quantize(colours).getpalette("RGB"), np.uint8).reshape(-1, 3)
        want = palette[index]
        table = b"".join(bytes([p[2], p[1], p[0], 0]) for p in palette)
        rows = []
        for r in index[::-1]:
            rows.append(np.packbits(np.unpackbits(r[:, None], axis=1)[:, 8 - bits :].ravel()).tobytes())
        data = bmp(40, bmp_rows(rows), bits, w, h, 0, table, len(palette))
        assert (rgb_of(data) == want).all()
        save(f"palette{bits}.bmp", data, want)
    a = np.linspace(0, 255, w * h).reshape(h, w).astype(np.uint8)
    bgra = np.dstack([bgr, a])
    save("bgrx32.bmp", bmp(40, bgra[::-1].tobytes(), 32, w, h), rgb)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    save("bgra32.bmp", bmp(108, bgra[::-1].tobytes(), 32, w, h, 3, masks), over_white(np.dstack([rgb, a])))
    for name, shifts, sizes, comp in (("rgb555", (10, 5, 0), (5, 5, 5), 0), ("rgb565", (11, 5, 0), (5, 6, 5), 3)):
        v = sum(((rgb[..., c].astype(np.uint32) >> (8 - n)) << s) for c, (s, n) in enumerate(zip(shifts, sizes)))
        want = np.dstack([((rgb[..., c].astype(int) >> (8 - n)) * 255 * 2 + (2**n - 1)) // (2 * (2**n - 1))
                          for c, n in enumerate(sizes)])
        after = b"" if comp == 0 else struct.pack("<III", *[((1 << n) - 1) << s for s, n in zip(shifts, sizes)])
        rows = bmp_rows(r.astype("<u2").tobytes() for r in v[::-1])
        data = bmp(40, rows, 16, w, h, comp, after)
        assert abs(rgb_of(data).astype(int) - want).max() <= 1  # Pillow rounds down
        save(name + ".bmp", data, want)


def make_ppm():
    rgb = scene(23, 17, 5)
    save("rgb.ppm", packed(Image.fromarray(rgb), "PPM"), rgb)
    save("grey.pgm", packed(Image.fromarray(rgb[..., 0]), "PPM"), np.repeat(rgb[..., :1], 3, 2))
    save("comment.ppm", b"P6 # a\n#b 3 4\n 23\t#c\n17\r\n255\n" + rgb.tobytes(), rgb)
    deep = (rgb.astype(np.uint16) << 8) | rgb[..., ::-1]
    want = (deep.astype(int) * 255 + 32767) // 65535
    save("deep.ppm", b"P6 23 17 65535\n" + deep.astype(">u2").tobytes(), want)
    low = rgb // 3
    save("low.ppm", b"P6 23 17 85\n" + low.tobytes(), low.astype(int) * 3)


def make_plain():
    """PPM and PGM in digits, and BMPs whose promised alpha nobody wrote."""
    rgb = scene(13, 11, 7)
    words = lambda a: b" ".join(str(v).encode() for v in a.ravel())
    save("plain.ppm", b"P3\n# digits\n13 11 255\n" + words(rgb) + b"\n", rgb)
    save("plain.pgm", b"P2 13 11 255\n" + words(rgb[..., 0]) + b"\n", np.repeat(rgb[..., :1], 3, 2))
    deep = rgb.astype(int) * 257
    save("plain_deep.ppm", b"P3 13 11 65535 " + words(deep).replace(b" ", b"\n#x\n", 3) + b"\n", rgb)
    save("deep.pgm", b"P5 13 11 65535\n" + deep[..., 0].astype(">u2").tobytes(), np.repeat(rgb[..., :1], 3, 2))
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    bgr0 = np.dstack([rgb[..., ::-1], np.zeros(rgb.shape[:2], np.uint8)])
    for head in (56, 108, 124):
        save(f"alpha_zero{head}.bmp", bmp(head, bgr0[::-1].tobytes(), 32, 13, 11, 3, masks), rgb)


def make_gif():
    image = Image.fromarray(scene(37, 29, 8)).quantize(60)
    for name, how in (("palette", {}), ("interlaced", {"interlace": 1})):
        data = packed(image, "GIF", interlace=how.get("interlace", 0))
        save(f"{name}.gif", data, rgb_of(data))
    second = Image.fromarray(scene(37, 29, 9)).quantize(60)
    data = packed(image, "GIF", save_all=True, append_images=[second], duration=100)
    save("moving.gif", data, rgb_of(data))
    clear = packed(image, "GIF", transparency=7)
    save("clear.gif", clear, over_white(Image.open(io.BytesIO(clear)).convert("RGBA")))
    # A frame smaller than its screen: what it leaves is transparent, what hangs over is not seen.
    whole = rgb_of(packed(image, "GIF"))
    for name, left, top in (("inside", 9, 4), ("over", 40, 30)):
        data = bytearray(packed(image, "GIF"))
        at = data.index(b"\x2c" + struct.pack("<HHHH", 0, 0, 37, 29))
        struct.pack_into("<HH", data, 6, 50, 40)
        struct.pack_into("<HH", data, at + 1, left, top)
        want = np.full((40 + 29, 50 + 37, 3), 255, np.uint8)
        want[top : top + 29, left : left + 37] = whole
        save(f"{name}.gif", bytes(data), want[:40, :50])


def riff(*chunks):
    body = b"WEBP" + b"".join(k + struct.pack("<I", len(b)) + b + bytes(len(b) % 2) for k, b in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def make_webp():
    rgb = scene(37, 29, 10)
    image = Image.fromarray(rgb)
    data = packed(image, "WEBP", lossless=True)
    save("lossless.webp", data, rgb)
    data = packed(image, "WEBP", quality=90)
    save("lossy.webp", data, rgb_of(data))
    rgba = np.dstack([rgb, np.linspace(0, 255, 37 * 29).reshape(29, 37).astype(np.uint8)])
    for name, how in (("alpha", dict(lossless=True, exact=True)), ("alpha_lossy", dict(quality=90))):
        data = packed(Image.fromarray(rgba), "WEBP", **how)
        save(name + ".webp", data, over_white(Image.open(io.BytesIO(data)).convert("RGBA")))
    for o, head in ((6, b""), (7, b"Exif\0\0"), (8, b"")):
        data = packed(image, "WEBP", lossless=True, exif=head + tiff(o, "<"))
        save(f"exif{o}.webp", data, turned(rgb, o))
    other = Image.fromarray(rgba[::-1].copy())
    data = packed(Image.fromarray(rgba), "WEBP", save_all=True, append_images=[other], lossless=True, exact=True)
    save("moving.webp", data, over_white(rgba))
    # A first frame smaller than the canvas.
    still = packed(image, "WEBP", lossless=True)
    place = b"".join(struct.pack("<I", v)[:3] for v in (4 // 2, 6 // 2, 36, 28, 100)) + b"\0"
    data = riff((b"VP8X", b"\x12\0\0\0" + struct.pack("<I", 49)[:3] + struct.pack("<I", 39)[:3]),
                (b"ANIM", bytes(6)), (b"ANMF", place + still[12:]))
    want = np.full((40, 50, 3), 255, np.uint8)
    want[6 : 6 + 29, 4 : 4 + 37] = rgb
    save("inside.webp", data, want)


def make_tiff():
    rgb = scene(37, 29, 11)
    image = Image.fromarray(rgb)
    for how in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        save(f"rgb_{how}.tif", packed(image, "TIFF", compression=how), rgb)
    grey = image.convert("L")
    save("grey.tif", packed(grey, "TIFF"), np.asarray(grey.convert("RGB")))
    save("bits.tif", packed(grey.convert("1"), "TIFF", compression="group4"), np.asarray(grey.convert("1").convert("RGB")))
    data = packed(image.quantize(40), "TIFF")
    save("palette.tif", data, rgb_of(data))
    data = packed(image, "TIFF", compression="jpeg", quality=95)
    save("jpeg.tif", data, rgb_of(data))
    cmyk = np.dstack([255 - rgb, np.full(rgb.shape[:2], 40, np.uint8)])
    k = 255 - cmyk[..., 3:].astype(int)
    save("cmyk.tif", packed(Image.fromarray(cmyk, "CMYK"), "TIFF"), (255 - cmyk[..., :3].astype(int)) * k // 255)
    rgba = np.dstack([rgb, np.linspace(0, 255, 37 * 29).reshape(29, 37).astype(np.uint8)])
    straight = packed(Image.fromarray(rgba), "TIFF")
    save("alpha.tif", straight, over_white(rgba))
    extra = straight.index(struct.pack("<HHIH", 338, 3, 1, 2)) + 8
    opaque = straight[:extra] + b"\0" + straight[extra + 1 :]
    save("extra.tif", opaque, rgb)
    times = (rgba[..., :3].astype(int) * rgba[..., 3:] + 127) // 255
    multiplied = packed(Image.fromarray(np.dstack([times, rgba[..., 3]]).astype(np.uint8)), "TIFF")
    multiplied = multiplied[:extra] + b"\1" + multiplied[extra + 1 :]
    save("multiplied.tif", multiplied, times + 255 - rgba[..., 3:])
    deep = rgb.astype(int) * 257
    save("deep.tif", deep_tiff(deep.astype("<u2")), rgb)
    for o in (2, 5, 6, 8):
        save(f"turn{o}.tif", packed(image, "TIFF", tiffinfo={274: o}), turned(rgb, o))
    pages = packed(image.resize((9, 7)), "TIFF", tiffinfo={254: 1}, save_all=True, append_images=[image])
    second = pages.rindex(struct.pack("<HHII", 254, 4, 1, 1))
    save("small_first.tif", pages[: second + 8] + bytes(4) + pages[second + 12 :], rgb)


def deep_tiff(a):
    """16 bits a sample, in one strip, big-endian."""
    h, w, n = a.shape
    body = a.astype(">u2").tobytes()
    entries = [(256, 3, w), (257, 3, h), (258, 3, None), (259, 3, 1), (262, 3, 2), (273, 4, 8), (277, 3, n),
               (278, 3, h), (279, 4, len(body))]
    at = 8 + len(body)
    bits = at + 2 + 12 * len(entries) + 4
    out = b"MM\0*" + struct.pack(">I", at) + body + struct.pack(">H", len(entries))
    for tag, kind, value in entries:
        if value is None:
            out += struct.pack(">HHII", tag, kind, n, bits)
        elif kind == 3:
            out += struct.pack(">HHIHH", tag, kind, 1, value, 0)
        else:
            out += struct.pack(">HHII", tag, kind, 1, value)
    return out + bytes(4) + struct.pack(">H", 16) * n


def make_heif():
    """HEIC and AVIF, by pillow-heif and Pillow. Their colours pass through YCbCr, at full size here."""
    import pillow_heif
    rgb = scene(40, 32, 12)
    image = Image.fromarray(rgb)
    rgba = np.dstack([rgb, np.linspace(0, 255, 40 * 32).reshape(32, 40).astype(np.uint8)])
    for name, a in (("rgb", rgb), ("alpha", rgba)):
        out = io.BytesIO()
        pillow_heif.from_pillow(Image.fromarray(a)).save(out, quality=-1, chroma=444, matrix_coefficients=0)
        save(f"{name}.heic", out.getvalue(), a if a.shape[2] == 3 else over_white(a))
        data = packed(Image.fromarray(a), "AVIF", quality=100, subsampling="4:4:4")
        got = np.asarray(Image.open(io.BytesIO(data)))
        save(f"{name}.avif", data, got if a.shape[2] == 3 else over_white(got))
    out = io.BytesIO()
    turn = pillow_heif.from_pillow(image)
    turn.info["exif"] = b"Exif\0\0" + tiff(6, "<")
    turn.save(out, quality=-1, chroma=444, matrix_coefficients=0)
    assert b"irot" in out.getvalue()
    save("turn6.heic", out.getvalue(), turned(rgb, 6))
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=80)
    save("lossy.heic", out.getvalue(), np.asarray(pillow_heif.open_heif(io.BytesIO(out.getvalue())).to_pillow()))
    data = packed(image, "AVIF", quality=100, subsampling="4:4:4", range="limited")
    save("limited.avif", data, rgb_of(data))
    deep = pillow_heif.from_bytes("RGB;16", (40, 32), (rgb.astype("<u2") * 257).tobytes())
    out = io.BytesIO()
    deep.save(out, quality=-1, chroma=444, matrix_coefficients=0)
    save("deep.heic", out.getvalue(), rgb)
    data = packed(image, "AVIF", quality=100, subsampling="4:4:4", exif=tiff(6, "<"))
    assert b"irot" in data
    save("turn6.avif", data, turned(np.asarray(Image.open(io.BytesIO(packed(image, "AVIF", quality=100, subsampling="4:4:4")))), 6))


if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    kinds = [name[5:] for name in list(globals()) if name.startswith("make_")]
    for kind in sys.argv[1:] or kinds:
        globals()["make_" + kind]()
