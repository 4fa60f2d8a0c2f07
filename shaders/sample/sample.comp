#version 460
//! Draws the token of a step from its logits and advances the step buffer: one workgroup
//! inout: step scratch
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 256;
layout(constant_id = 1) const uint TILE = 256; // as the tiles kernel had it
#include "common/exp.glsl"
#include "common/philox.glsl"
#include "common/step.glsl"
#include "sample/keys.glsl"

layout(binding = 0) readonly buffer B0 { uint logits[]; };
layout(binding = 1) writeonly buffer B1 { uint ids[]; };
layout(binding = 2) writeonly buffer B2 { uint tokens[]; };
layout(binding = 3) coherent buffer B3 { uint step[]; };
layout(binding = 4) coherent buffer B4 { uint scratch[]; }; // best, list, then candidates
layout(push_constant) uniform Push {
    uint cols;
    uint tiles;
};

const uint most = 1024u;           // candidates that are sorted; more are not listed (wide.glsl)
const float whole = 2097152.0;     // the largest weight: 1024 of them fit into 32 bits
const float least_heat = 1e-6;     // a temperature at or below it takes the largest

shared uint hist[256];
shared uint keys[most], places[most], sums[most]; // survivors, best first
shared uint part[WG];
shared uint counter;

uint me;

float setting(uint i) { return uintBitsToFloat(step[i]); }
uint list_at() { return 2u * tiles; }
uint candidates_at() { return 3u * tiles; }

void together() {
    memoryBarrierBuffer();
    barrier();
}

void clear_counter() {
    if (me == 0u) counter = 0u;
    barrier();
}

// Sum over all lanes, known to all of them.
uint count_all(uint mine) {
    clear_counter();
    atomicAdd(counter, mine);
    barrier();
    const uint sum = counter;
    barrier();
    return sum;
}

struct found {
    uint value; // the k-th largest
    uint ties;  // how many equal to it belong to the k largest
    uint equal; // how many equal to it there are
};

// The k-th largest of n keys, pairs (key, place) at scratch[base]: eight bits a round. With
// by_place it is the k-th largest ~place among the pairs with key `only`.
found kth_largest(uint base, uint n, uint k, bool by_place, uint only) {
    uint prefix = 0u, known = 0u, equal = 0u;
    for (uint round = 0u; round < 4u; round++) {
        const uint shift = 24u - 8u * round;
        for (uint i = me; i < 256u; i += WG) hist[i] = 0u;
        barrier();
        for (uint i = me; i < n; i += WG) {
            uint key = scratch[base + 2u * i];
            const bool counts = !by_place || key == only;
            if (by_place) key = ~scratch[base + 2u * i + 1u];
            if (counts && (key & known) == prefix) atomicAdd(hist[key >> shift & 255u], 1u);
        }
        barrier();
        uint digit = 255u;
        while (digit > 0u && hist[digit] < k) k -= hist[digit--];
        equal = hist[digit];
        prefix |= digit << shift;
        known |= 255u << shift;
        barrier();
    }
    return found(prefix, k, equal);
}

// Pairs (key, place) of all logits that can be among the k largest; their number. At least k tiles
// have a best one no smaller than `least`, so at least k logits are.
uint gather(uint k) {
    uint least = 0u;
    if (tiles >= k) least = kth_largest(0u, tiles, k, false, 0u).value;
    clear_counter();
    for (uint t = me; t < tiles; t += WG)
        if (scratch[2u * t] >= least) scratch[list_at() + atomicAdd(counter, 1u)] = t;
    together();
    const uint listed = counter;
    barrier();
    clear_counter();
    for (uint j = me; j < listed * TILE; j += WG) {
        const uint i = scratch[list_at() + j / TILE] * TILE + j % TILE;
        if (i >= cols) continue;
        const uint key = key_of(logits[i]);
        if (key < least) continue;
        const uint slot = candidates_at() + 2u * atomicAdd(counter, 1u);
        scratch[slot] = key;
        scratch[slot + 1u] = i;
    }
    together();
    const uint n = counter;
    barrier();
    return n;
}

// The k best of n candidates to keys[] and places[], in any order; of equal ones the lowest places.
void keep_best(uint n, uint k) {
    const found cut = kth_largest(candidates_at(), n, k, false, 0u);
    uint last = 0xFFFFFFFFu;
    if (cut.ties < cut.equal)
        last = ~kth_largest(candidates_at(), n, cut.ties, true, cut.value).value;
    clear_counter();
    for (uint i = me; i < n; i += WG) {
        const uint key = scratch[candidates_at() + 2u * i];
        const uint place = scratch[candidates_at() + 2u * i + 1u];
        if (key < cut.value || (key == cut.value && place > last)) continue;
        const uint slot = min(atomicAdd(counter, 1u), most - 1u);
        keys[slot] = key;
        places[slot] = place;
    }
    barrier();
}

void sort_pair(uint a, uint b, bool falling) {
    const bool wrong = keys[b] > keys[a] || (keys[b] == keys[a] && places[b] < places[a]);
    if (wrong != falling) return;
    const uint key = keys[a], place = places[a];
    keys[a] = keys[b];
    places[a] = places[b];
    keys[b] = key;
    places[b] = place;
}

// Bitonic, over the next power of two; what fills it up goes to the end.
void sort_best(uint k) {
    uint n = 1u;
    while (n < k) n <<= 1;
    for (uint i = k + me; i < n; i += WG) {
        keys[i] = 0u;
        places[i] = 0xFFFFFFFFu;
    }
    barrier();
    for (uint size = 2u; size <= n; size <<= 1)
        for (uint gap = size >> 1; gap > 0u; gap >>= 1) {
            for (uint i = me; i < n / 2u; i += WG) {
                const uint a = i / gap * 2u * gap + i % gap;
                sort_pair(a, a + gap, (a & size) == 0u);
            }
            barrier();
        }
}

// Whole numbers, so that the draw does not depend on the order of summing.
uint weight_of(uint i, float heat) {
    precise float apart = logit_of(keys[i]) - logit_of(keys[0]);
    precise float share = exact_exp(apart / heat) * whole + 0.5;
    return uint(share);
}

// sums[i] = weights of survivors 0..i; the whole.
uint sum_weights(uint n, float heat) {
    const uint chunk = (n + WG - 1u) / WG, from = min(me * chunk, n), to = min(from + chunk, n);
    uint sum = 0u;
    for (uint i = from; i < to; i++) sum += weight_of(i, heat);
    part[me] = sum;
    barrier();
    uint run = 0u;
    for (uint lane = 0u; lane < me; lane++) run += part[lane];
    for (uint i = from; i < to; i++) {
        run += weight_of(i, heat);
        sums[i] = run;
    }
    barrier();
    return sums[n - 1u];
}

uint cut_top_p(uint n) {
    const float top_p = setting(STEP_TOP_P);
    if (top_p >= 1.0) return n;
    precise float enough = top_p * float(sum_weights(n, 1.0));
    uint mine = 0u;
    for (uint i = me; i < n; i += WG)
        if (i == 0u || float(sums[i - 1u]) < enough) mine++;
    return count_all(mine);
}

uint cut_min_p(uint n) {
    const float min_p = setting(STEP_MIN_P);
    if (!(min_p > 0.0)) return n;
    uint mine = 0u;
    for (uint i = me; i < n; i += WG)
        if (i == 0u || exact_exp(logit_of(keys[i]) - logit_of(keys[0])) >= min_p) mine++;
    return count_all(mine);
}

#include "sample/wide.glsl"

// best: the largest key and its place.
uint draw(uvec2 best) {
    const uvec4 bits = philox(uvec4(step[STEP_COUNTER], 0u, 0u, 0u),
                              uvec2(step[STEP_SEED_LOW], step[STEP_SEED_HIGH]));
    uint k = min(step[STEP_TOP_K] == 0u ? cols : step[STEP_TOP_K], cols);
    if (k > most)
        return wide_draw(k, setting(STEP_TOP_P), setting(STEP_MIN_P), setting(STEP_TEMPERATURE),
                         best, bits.x);
    keep_best(gather(k), k);
    sort_best(k);
    k = cut_min_p(cut_top_p(k));
    const uint total = sum_weights(k, setting(STEP_TEMPERATURE));
    uint at, low, mine = 0u;
    umulExtended(bits.x, total, at, low); // 0 <= at < total
    for (uint i = me; i < k; i += WG)
        if (sums[i] <= at) mine++;
    return places[count_all(mine)];
}

// Best key and its place over all tiles: the lowest place of equal keys.
uvec2 best_of_all() {
    uvec2 mine = uvec2(0u, 0xFFFFFFFFu);
    for (uint t = me; t < tiles; t += WG) {
        const uvec2 other = uvec2(scratch[2u * t], scratch[2u * t + 1u]);
        if (other.x > mine.x || (other.x == mine.x && other.y < mine.y)) mine = other;
    }
    if (me == 0u) keys[0] = 0u, places[0] = 0xFFFFFFFFu;
    barrier();
    atomicMax(keys[0], mine.x);
    barrier();
    if (mine.x == keys[0]) atomicMin(places[0], mine.y);
    barrier();
    const uvec2 best = uvec2(keys[0], places[0]);
    barrier();
    return best;
}

void main() {
    me = gl_LocalInvocationID.x;
    const uvec2 best = best_of_all();
    uint token = best.y;
    if (best.x == key_bad)
        token = 0xFFFFFFFFu;
    else if (setting(STEP_TEMPERATURE) > least_heat)
        token = draw(best);
    barrier(); // all have read the step before it moves
    if (me != 0u) return;
    ids[0] = token;
    tokens[step[STEP_COUNTER] % TOKEN_RING] = token;
    step[STEP_POSITION] += step[STEP_ROWS];
    step[STEP_ROWS] = 1u;
    step[STEP_COUNTER]++;
}
