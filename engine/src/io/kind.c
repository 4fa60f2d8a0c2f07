#include "io/kind.h"

#include <stdbool.h>
#include <string.h>

#include "io/bytes.h"

/* Signatures: `n` bytes that stand at byte `at`. The first row that fits wins. */
static const struct signature {
    uint32_t at, n;
    const char *bytes;
    struct kind_found found;
} signatures[] = {
    {0, 3, "\xff\xd8\xff", {KIND_JPEG, "a JPEG picture"}},
    {0, 8, "\x89PNG\r\n\x1a\n", {KIND_PNG, "a PNG picture"}},
    {0, 6, "GIF87a", {KIND_GIF, "a GIF picture"}},
    {0, 6, "GIF89a", {KIND_GIF, "a GIF picture"}},
    {8, 4, "WEBP", {KIND_WEBP, "a WebP picture"}}, /* behind "RIFF" and a length */
    {0, 10, "II*\0\x10\0\0\0CR", {KIND_PICTURE, "a camera's raw file (CR2)"}},
    {0, 4, "II*\0", {KIND_TIFF, "a TIFF picture"}},
    {0, 4, "MM\0*", {KIND_TIFF, "a TIFF picture"}},
    {0, 4, "II+\0", {KIND_TIFF, "a TIFF picture"}},
    {0, 4, "MM\0+", {KIND_TIFF, "a TIFF picture"}},
    {0, 4, "8BPS", {KIND_PICTURE, "a Photoshop picture (PSD)"}},
    {0, 2, "\xff\x0a", {KIND_PICTURE, "a JPEG XL picture"}},
    {0, 12, "\0\0\0\x0cJXL \r\n\x87\n", {KIND_PICTURE, "a JPEG XL picture"}},
    {0, 12, "\0\0\0\x0cjP  \r\n\x87\n", {KIND_PICTURE, "a JPEG 2000 picture"}},
    {0, 4, "\xff\x4f\xff\x51", {KIND_PICTURE, "a JPEG 2000 picture"}},
    {0, 4, "\0\0\1\0", {KIND_PICTURE, "an icon (ICO)"}},
    {0, 4, "\x76\x2f\x31\x01", {KIND_PICTURE, "an OpenEXR picture"}},
    {0, 4, "DDS ", {KIND_PICTURE, "a DDS texture"}},
    {0, 4, "qoif", {KIND_PICTURE, "a QOI picture"}},
    {0, 2, "P7", {KIND_PICTURE, "a PAM picture"}},
    {0, 2, "P1", {KIND_PICTURE, "a PBM picture"}},
    {0, 2, "P4", {KIND_PICTURE, "a PBM picture"}},
    {0, 9, "gimp xcf ", {KIND_PICTURE, "a GIMP picture (XCF)"}},
    {0, 15, "FUJIFILMCCD-RAW", {KIND_PICTURE, "a camera's raw file (RAF)"}},
    {0, 4, "IIU\0", {KIND_PICTURE, "a camera's raw file (RW2)"}},
    {0, 4, "IIRO", {KIND_PICTURE, "a camera's raw file (ORF)"}},
    {8, 4, "AVI ", {KIND_VIDEO, "a video (AVI)"}},
    {0, 4, "\x1a\x45\xdf\xa3", {KIND_VIDEO, "a video (Matroska or WebM)"}},
    {0, 4, "FLV\1", {KIND_VIDEO, "a video (FLV)"}},
    {0, 4, "\0\0\1\xba", {KIND_VIDEO, "a video (MPEG)"}},
    {0, 4, "\0\0\1\xb3", {KIND_VIDEO, "a video (MPEG)"}},
    {0, 4, "OggS", {KIND_VIDEO, "a video or sound (Ogg)"}},
    {0, 4, "\x30\x26\xb2\x75", {KIND_VIDEO, "a video or sound (ASF)"}},
    {8, 4, "WAVE", {KIND_OTHER, "a sound (WAV)"}},
    {0, 3, "ID3", {KIND_OTHER, "a sound (MP3)"}},
    {0, 4, "fLaC", {KIND_OTHER, "a sound (FLAC)"}},
    {0, 7, "#EXTM3U", {KIND_PLAYLIST, "a playlist (M3U)"}},
    {0, 8, "ffconcat", {KIND_PLAYLIST, "a playlist (ffconcat)"}},
    {0, 10, "[playlist]", {KIND_PLAYLIST, "a playlist (PLS)"}},
    {0, 4, "GGUF", {KIND_MODEL, "a GGUF model"}},
    {0, 4, "lmgg", {KIND_MODEL, "a model in the old GGML format"}},
    {0, 4, "tjgg", {KIND_MODEL, "a model in the old GGML format"}},
    {0, 4, "fmgg", {KIND_MODEL, "a model in the old GGML format"}},
    {0, 6, "\x93NUMPY", {KIND_OTHER, "a NumPy array"}},
    {0, 4, "\x89HDF", {KIND_OTHER, "an HDF5 file"}},
    {0,
     43,
     "version https://git-lfs.github.com/spec/v1\n",
     {KIND_LFS, "a Git LFS pointer (`git lfs pull` fetches the file)"}},
    {0, 19, "version https://git", {KIND_LFS, "a Git LFS pointer"}},
    {0, 4, "PK\3\4", {KIND_OTHER, "a ZIP archive"}},
    {0, 4, "PK\5\6", {KIND_OTHER, "an empty ZIP archive"}},
    {0, 2, "\x1f\x8b", {KIND_OTHER, "a gzip archive"}},
    {0,
     6,
     "\xfd"
     "7zXZ\0",
     {KIND_OTHER, "an xz archive"}},
    {0, 4, "\x28\xb5\x2f\xfd", {KIND_OTHER, "a Zstandard archive"}},
    {0, 3, "BZh", {KIND_OTHER, "a bzip2 archive"}},
    {0, 6, "7z\xbc\xaf\x27\x1c", {KIND_OTHER, "a 7z archive"}},
    {0, 6, "Rar!\x1a\x07", {KIND_OTHER, "a RAR archive"}},
    {257, 5, "ustar", {KIND_OTHER, "a tar archive"}},
    {0, 5, "%PDF-", {KIND_OTHER, "a PDF document"}},
    {0, 4, "%!PS", {KIND_OTHER, "a PostScript document"}},
    {0,
     4,
     "\x7f"
     "ELF",
     {KIND_OTHER, "a program (ELF)"}},
    {0, 4, "MZ\x90\0", {KIND_OTHER, "a program for Windows"}},
    {0, 16, "SQLite format 3\0", {KIND_OTHER, "an SQLite database"}},
    {0, 2, "\x80\2", {KIND_OTHER, "a Python pickle, such as old PyTorch files"}},
    {0, 2, "BM", {KIND_BMP, "a BMP picture"}},
};

/* Brands of the boxed formats that MP4 is one of. */
static const struct brand {
    const char name[5];
    struct kind_found found;
} brands[] = {
    {"heic", {KIND_HEIF, "a HEIC picture"}},
    {"heix", {KIND_HEIF, "a HEIC picture"}},
    {"heim", {KIND_HEIF, "a HEIC picture"}},
    {"heis", {KIND_HEIF, "a HEIC picture"}},
    {"mif1", {KIND_HEIF, "a HEIF picture"}},
    {"hevc", {KIND_HEIF, "a HEIC sequence"}},
    {"hevx", {KIND_HEIF, "a HEIC sequence"}},
    {"msf1", {KIND_HEIF, "a HEIF sequence"}},
    {"avif", {KIND_HEIF, "an AVIF picture"}},
    {"avis", {KIND_HEIF, "an AVIF sequence"}},
    {"crx ", {KIND_PICTURE, "a camera's raw file (CR3)"}},
};

static struct kind_found boxed(const unsigned char *d, uint64_t bytes) {
    const uint64_t size = load_be(d, 4), end = size < bytes ? size : bytes;
    /* The main brand, a version, then those that it fits too. */
    for (uint64_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4)
        for (size_t i = 0; i < sizeof brands / sizeof *brands; i++)
            if (memcmp(d + at, brands[i].name, 4) == 0) return brands[i].found;
    return (struct kind_found){KIND_VIDEO, "a video or sound (MP4)"};
}

/* P5 and its kin: a digit, then white space or a comment. */
static bool is_ppm(const unsigned char *d, uint64_t bytes) {
    return bytes >= 3 && d[0] == 'P' && strchr("2356", d[1]) && d[1] &&
           (d[2] == '#' || d[2] == ' ' || (d[2] >= 9 && d[2] <= 13));
}

/* Eight bytes of a length and a JSON object. */
static bool is_safetensors(const unsigned char *d, uint64_t bytes) {
    if (bytes < 10 || d[8] != '{') return false;
    const uint64_t length = load_le(d, 8);
    return length > 1 && length < UINT64_C(100) << 20 &&
           (d[9] == '"' || d[9] == '}' || d[9] == ' ');
}

static bool begins(const unsigned char *d, uint64_t bytes, const char *with) {
    const size_t n = strlen(with);
    if (bytes < n) return false;
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = d[i] >= 'A' && d[i] <= 'Z' ? d[i] + 32 : d[i];
        if (c != (unsigned char)with[i]) return false;
    }
    return true;
}

static bool holds(const unsigned char *d, uint64_t bytes, const char *what) {
    for (; bytes > 0; d++, bytes--)
        if (begins(d, bytes, what)) return true;
    return false;
}

static bool is_text(const unsigned char *d, uint64_t bytes) {
    for (uint64_t i = 0; i < bytes; i++)
        if (d[i] < 9 || (d[i] > 13 && d[i] < 32) || d[i] == 127) return false;
    return true;
}

static struct kind_found text(const unsigned char *d, uint64_t bytes) {
    static const char *const html[] = {"<!doctype html", "<html", "<head", "<body"};
    if (bytes >= 3 && memcmp(d, "\xef\xbb\xbf", 3) == 0) d += 3, bytes -= 3;
    while (bytes > 0 && (*d == ' ' || (*d >= 9 && *d <= 13))) d++, bytes--;
    for (size_t i = 0; i < sizeof html / sizeof *html; i++)
        if (begins(d, bytes, html[i])) return (struct kind_found){KIND_OTHER, "an HTML page"};
    const bool tags = bytes > 0 && *d == '<';
    if (tags && holds(d, bytes, "<mpd"))
        return (struct kind_found){KIND_PLAYLIST, "a playlist (MPD)"};
    if (tags && holds(d, bytes, "<svg")) return (struct kind_found){KIND_PICTURE, "an SVG drawing"};
    if (tags && holds(d, bytes, "<html")) return (struct kind_found){KIND_OTHER, "an HTML page"};
    if (tags) return (struct kind_found){KIND_OTHER, "an XML document"};
    if (bytes > 0 && (*d == '{' || *d == '['))
        return (struct kind_found){KIND_OTHER, "a JSON document"};
    return (struct kind_found){KIND_OTHER, "a text"};
}

struct kind_found kind_of(const void *head, uint64_t bytes) {
    const unsigned char *d = head;
    if (bytes > KIND_HEAD) bytes = KIND_HEAD;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *s = &signatures[i];
        const bool riff = s->at != 8 || (bytes >= 4 && memcmp(d, "RIFF", 4) == 0);
        if (bytes >= s->at + s->n && memcmp(d + s->at, s->bytes, s->n) == 0 && riff)
            return s->found;
    }
    if (bytes >= 12 && memcmp(d + 4, "ftyp", 4) == 0) return boxed(d, bytes);
    if (is_ppm(d, bytes)) return (struct kind_found){KIND_PPM, "a PPM picture"};
    if (is_safetensors(d, bytes)) return (struct kind_found){KIND_MODEL, "a safetensors file"};
    if (bytes > 376 && d[0] == 0x47 && d[188] == 0x47 && d[376] == 0x47)
        return (struct kind_found){KIND_VIDEO, "a video (MPEG transport stream)"};
    if (bytes > 0 && is_text(d, bytes)) return text(d, bytes);
    return (struct kind_found){KIND_UNKNOWN, 0};
}
