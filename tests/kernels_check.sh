#!/bin/bash
# check_kernels, under the validation layer when VIDI_TEST_VALIDATE is set.
# usage: kernels_check.sh PROGRAM [OPTIONS]
exec "$@" ${VIDI_TEST_VALIDATE:+--validate}
