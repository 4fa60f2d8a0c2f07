// rope.glsl - turning two neighbouring elements of a head by the angles of a position.
//
// The kernel provides x[] and table[] ([table_rows][rope_dim / 2] pairs of cos, sin) and the push
// constants head_dim, rope_dim, table_rows, neox.

// Element i of the head that starts at x[head]; positions past the table take its last row.
float roped(uint head, uint i, uint position) {
    const float mine = x[head + i];
    if (i >= rope_dim) return mine;
    const uint reach = rope_dim / 2;
    const bool first = neox != 0u ? i < reach : (i & 1u) == 0u;
    const uint pair = neox != 0u ? (first ? i : i - reach) : i / 2;
    const uint partner = neox != 0u ? (first ? i + reach : i - reach) : i ^ 1u;
    const vec2 turn = table[min(position, table_rows - 1u) * reach + pair];
    const float other = x[head + partner];
    return first ? mine * turn.x - other * turn.y : mine * turn.x + other * turn.y;
}
