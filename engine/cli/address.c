#include "address.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool address_bytes(const char *text, char *to, size_t *n) {
    for (*n = 0; *text; text++) {
        char hex[3] = {0};
        if (*text == '%') {
            if (!isxdigit((unsigned char)text[1]) || !isxdigit((unsigned char)text[2]))
                return false;
            memcpy(hex, text + 1, 2);
            text += 2;
        }
        to[(*n)++] = hex[0] ? (char)strtoul(hex, NULL, 16) : *text;
    }
    return true;
}

bool address_is_file(const char *text) { return strncasecmp(text, "file:/", 6) == 0; }

/* The host's name, which ends at a slash, is of this machine. */
static bool is_here(const char *host, size_t n) {
    char name[256] = "";
    if (n == 0 || (n == 9 && strncasecmp(host, "localhost", n) == 0)) return true;
    gethostname(name, sizeof name - 1);
    return strlen(name) == n && strncasecmp(host, name, n) == 0;
}

const char *address_to_path(char *address) {
    const char *at = strchr(address, ':') + 1;
    if (at[0] == '/' && at[1] == '/') {
        const char *host = at + 2;
        at = host + strcspn(host, "/");
        if (!is_here(host, (size_t)(at - host))) return "is an address on another machine";
    }
    size_t n;
    memmove(address, at, strlen(at) + 1);
    if (!address_bytes(address, address, &n)) return "has a % without two digits";
    if (memchr(address, '\0', n)) return "has a %00, and no path has a zero byte";
    address[n] = '\0';
    return NULL;
}

char *address_at_home(const char *path) {
    const char *home = getenv("HOME");
    if (path[0] != '~' || (path[1] && path[1] != '/') || !home) return strdup(path);
    const size_t cap = strlen(home) + strlen(path);
    char *whole = malloc(cap);
    if (whole) snprintf(whole, cap, "%s%s", home, path + 1);
    return whole;
}

/* ---- data: ---- */

bool address_is_data(const char *text) { return strncasecmp(text, "data:", 5) == 0; }

static int digit64(unsigned char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (c == '-') c = '+'; /* as addresses have them */
    if (c == '_') c = '/';
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool from_base64(const char *text, char *data, size_t *bytes) {
    uint32_t bits = 0;
    int n = 0;
    for (; *text && *text != '='; text++) {
        if (isspace((unsigned char)*text)) continue;
        const int digit = digit64((unsigned char)*text);
        if (digit < 0) return false;
        bits = bits << 6 | (uint32_t)digit;
        n += 6;
        if (n < 8) continue;
        n -= 8;
        data[(*bytes)++] = (char)(bits >> n);
    }
    return text[strspn(text, "= \t\r\n")] == '\0';
}

const char *address_data(const char *address, char **data, size_t *bytes) {
    static const char mark[] = ";base64";
    const char *comma = strchr(address, ',');
    *data = NULL;
    *bytes = 0;
    if (!comma) return "has no comma in front of its data";
    const size_t head = (size_t)(comma - address), n = sizeof mark - 1;
    const bool base64 = head >= n && strncasecmp(comma - n, mark, n) == 0;
    if (!(*data = malloc(strlen(comma) + 1))) return "no memory for it";
    if (base64 ? from_base64(comma + 1, *data, bytes) : address_bytes(comma + 1, *data, bytes))
        return NULL;
    free(*data);
    *data = NULL;
    return base64 ? "is no base64" : "has a % without two digits";
}
