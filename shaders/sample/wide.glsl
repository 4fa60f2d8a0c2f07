// wide.glsl - drawing among more candidates than are sorted: nothing is listed, every pass goes over
// the logits.
//
// Candidates stand in one order, best first and equal ones by place, and a cut is the last of them
// that stays. Sums are whole numbers of 64 bits, (low, high), so that no order of adding matters.
// Of sample.comp it takes logits[], cols, me, keys[], places[], sums[], part[], counter.

const float wide_whole = 2147483648.0; // the largest weight

uvec2 sum_of(uvec2 a, uvec2 b) {
    uint carry;
    const uint low = uaddCarry(a.x, b.x, carry);
    return uvec2(low, a.y + b.y + carry);
}

bool less(uvec2 a, uvec2 b) { return a.y < b.y || (a.y == b.y && a.x < b.x); }

uint wide_weight(uint key, uint best, float heat) {
    precise float apart = logit_of(key) - logit_of(best);
    precise float share = exact_exp(apart / heat) * wide_whole + 0.5;
    return uint(share);
}

// Not behind the cut.
bool stays(uint key, uint place, uvec2 cut) {
    return key > cut.x || (key == cut.x && place <= cut.y);
}

// To the sum at keys[at], places[at].
void add_to(uint at, uvec2 more) {
    const uint before = atomicAdd(keys[at], more.x);
    atomicAdd(places[at], more.y + (before + more.x < before ? 1u : 0u));
}

// The weights at temperature 1 of all that stay, together.
uvec2 weigh_all(uvec2 cut, uint best) {
    if (me == 0u) keys[0] = 0u, places[0] = 0u;
    barrier();
    uvec2 mine = uvec2(0u);
    for (uint i = me; i < cols; i += WG) {
        const uint key = key_of(logits[i]);
        if (stays(key, i, cut)) mine = sum_of(mine, uvec2(wide_weight(key, best, 1.0), 0u));
    }
    add_to(0u, mine);
    barrier();
    const uvec2 all = uvec2(keys[0], places[0]);
    barrier();
    return all;
}

// The first candidate with which those up to it reach `enough`, counted or (`weighs`) weighed at
// temperature 1; the last one if they never do. Eight bits a round: those of the key, then of the
// place turned around.
uvec2 cut_at(uvec2 enough, bool weighs, uvec2 cut, uint best) {
    uvec2 found = uvec2(0u), known = uvec2(0u), above = uvec2(0u);
    for (uint round = 0u; round < 8u; round++) {
        const uint shift = 24u - round % 4u * 8u;
        for (uint i = me; i < 256u; i += WG) keys[i] = 0u, places[i] = 0u;
        barrier();
        for (uint i = me; i < cols; i += WG) {
            const uvec2 number = uvec2(key_of(logits[i]), ~i);
            if ((number & known) != found || !stays(number.x, i, cut)) continue;
            const uint digit = (round < 4u ? number.x : number.y) >> shift & 255u;
            add_to(digit, uvec2(weighs ? wide_weight(number.x, best, 1.0) : 1u, 0u));
        }
        barrier();
        uint digit = 255u;
        for (; digit > 0u; digit--) {
            const uvec2 with = sum_of(above, uvec2(keys[digit], places[digit]));
            if (!less(with, enough)) break;
            above = with;
        }
        if (round < 4u)
            found.x |= digit << shift, known.x |= 255u << shift;
        else
            found.y |= digit << shift, known.y |= 255u << shift;
        barrier();
    }
    return uvec2(found.x, ~found.y);
}

// top_p of the weights that stay; both halves of the product are exact.
uvec2 wide_top_p(float top_p, uvec2 cut, uint best) {
    const uvec2 all = weigh_all(cut, best);
    precise float whole_of_all = float(all.y) * 4294967296.0 + float(all.x);
    precise float enough = top_p * whole_of_all;
    const uint high = uint(enough / 4294967296.0);
    const uint low = uint(enough - float(high) * 4294967296.0);
    return cut_at(uvec2(low, high), true, cut, best);
}

// The weight of candidate i where it may be drawn, else 0.
uint wide_share(uint i, uvec2 cut, uvec2 best, float min_p, float heat) {
    const uint key = key_of(logits[i]);
    if (!stays(key, i, cut)) return 0u;
    if (min_p > 0.0 && i != best.y && exact_exp(logit_of(key) - logit_of(best.x)) < min_p)
        return 0u;
    return wide_weight(key, best.x, heat);
}

// One of the k best after top_p and min_p, by 32 random bits; the shares lie by place. `best` is a
// key and its place.
uint wide_draw(uint k, float top_p, float min_p, float heat, uvec2 best, uint random) {
    uvec2 cut = uvec2(0u, 0xFFFFFFFFu);
    if (k < cols) cut = cut_at(uvec2(k, 0u), false, cut, best.x);
    if (top_p < 1.0) cut = wide_top_p(top_p, cut, best.x);
    const uint chunk = (cols + WG - 1u) / WG, from = min(me * chunk, cols);
    const uint to = min(from + chunk, cols);
    uvec2 mine = uvec2(0u);
    for (uint i = from; i < to; i++)
        mine = sum_of(mine, uvec2(wide_share(i, cut, best, min_p, heat), 0u));
    part[me] = mine.x, sums[me] = mine.y;
    barrier();
    uvec2 all = uvec2(0u), run = uvec2(0u);
    for (uint lane = 0u; lane < WG; lane++) {
        if (lane == me) run = all;
        all = sum_of(all, uvec2(part[lane], sums[lane]));
    }
    uvec2 low, at; // all * random / 2^32
    umulExtended(all.x, random, low.y, low.x);
    umulExtended(all.y, random, at.y, at.x);
    at = sum_of(at, uvec2(low.y, 0u));
    barrier();
    if (!less(at, run) && less(at, sum_of(run, mine)))
        for (uint i = from; i < to; i++) {
            run = sum_of(run, uvec2(wide_share(i, cut, best, min_p, heat), 0u));
            if (!less(at, run)) continue;
            counter = i;
            break;
        }
    barrier();
    return counter;
}
