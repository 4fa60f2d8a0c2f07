# A real published model, through the command line.
vidi_add_test(families.smollm2 ${CMAKE_SOURCE_DIR}/tests/families/smollm2.sh $<TARGET_FILE:vidi_cli>)
vidi_test_properties(families.smollm2 TIMEOUT 600)

# Writes and loads a gigabyte: not twice at once.
if(CMOCKA_FOUND)
  vidi_test_properties(families.wide RESOURCE_LOCK a_gigabyte)
endif()
