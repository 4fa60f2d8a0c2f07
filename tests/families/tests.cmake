# A real published model, through the command line.
vidi_add_test(families.smollm2 ${CMAKE_SOURCE_DIR}/tests/families/smollm2.sh $<TARGET_FILE:vidi_cli>)
vidi_test_properties(families.smollm2 TIMEOUT 600)

# The answers of the model that ships inside; the sanitized build computes the same ones.
if(NOT VIDI_SANITIZE AND VIDI_EMBEDDED)
  vidi_add_test(families.answers python3 ${CMAKE_SOURCE_DIR}/tests/families/answers.py
                $<TARGET_FILE:vidi_cli> ${CMAKE_SOURCE_DIR}/tests/families/picturebook/questions)
endif()

# The goldens on every driver: SwiftShader, which binds only at every 256 bytes and does not hide
# stray writes, and whatever else this machine has. The engine's own C is the same everywhere, so the
# sanitized build leaves them out.
if(CMOCKA_FOUND AND NOT VIDI_SANITIZE)
  foreach(stem picturebook llama decoders folders lora cache)
    foreach(driver swiftshader others)
      vidi_add_test(families.${stem}.${driver} tests/on_driver.sh ${driver}
                    $<TARGET_FILE:test_families_${stem}>)
      vidi_test_environment(families.${stem}.${driver} VIDI=$<TARGET_FILE:vidi_cli>)
    endforeach()
  endforeach()
  vidi_test_properties(families.folders.swiftshader COST 500)
endif()

# Writes and loads a gigabyte: not twice at once.
if(CMOCKA_FOUND)
  vidi_test_properties(families.wide RESOURCE_LOCK a_gigabyte)
endif()
