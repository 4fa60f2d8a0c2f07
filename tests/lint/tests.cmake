# The house rules that no compiler holds, and the proof that each of them can fail.
if(VIDI_SANITIZE)
  return() # nothing is compiled here that a sanitizer could watch
endif()
foreach(rule includes headers lengths words format)
  vidi_add_test(lint.${rule} tests/lint/lint.sh ${rule})
endforeach()
vidi_add_test(lint.selftest tests/lint/selftest.sh)
