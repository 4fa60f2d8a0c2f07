#include "source.h"

static const char *const state_names[] = {[SOURCE_OPENING] = "opening",
                                          [SOURCE_RUNNING] = "running",
                                          [SOURCE_RETRYING] = "retrying",
                                          [SOURCE_ENDED] = "ended",
                                          [SOURCE_FAILED] = "failed"};

const char *source_state_name(enum source_state state) { return state_names[state]; }
