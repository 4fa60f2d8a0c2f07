# A real published model, through the command line.
vidi_add_test(families.smollm2 ${CMAKE_SOURCE_DIR}/tests/families/smollm2.sh $<TARGET_FILE:vidi_cli>)
vidi_test_properties(families.smollm2 TIMEOUT 600)

# The answers of the model that ships inside; the sanitized build computes the same ones.
if(NOT VIDI_SANITIZE AND VIDI_EMBEDDED)
  vidi_add_test(families.answers python3 ${CMAKE_SOURCE_DIR}/tests/families/answers.py
                $<TARGET_FILE:vidi_cli> ${CMAKE_SOURCE_DIR}/tests/families/picturebook/questions)
endif()
