// Places in the step buffer; the twin of engine/src/ops/step.h.
#define STEP_POSITION 0
#define STEP_ROWS 1
#define STEP_COUNTER 2
#define STEP_TOP_K 3
#define STEP_TEMPERATURE 4
#define STEP_TOP_P 5
#define STEP_MIN_P 6
#define STEP_SEED_LOW 7
#define STEP_SEED_HIGH 8
#define STEP_SPAN_FROM 9
#define STEP_SPAN_TO 10
#define STEP_LAG 11
#define TOKEN_RING 256
