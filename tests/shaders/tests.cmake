# Every kernel compiled by drivers for GPUs that are not here, held against budget.txt.
if(VIDI_SANITIZE)
  return() # the compiler under test is the driver's
endif()
foreach(family vega10 navi21 navi31 gfx1151 gfx1201)
  vidi_add_test(shaders.radv.${family} tests/on_driver.sh radv:${family}
                python3 tests/shaders/budget.py ${family} tests/shaders/budget.txt
                $<TARGET_FILE:vidi_cli> shaders --target ${family} --json)
endforeach()
foreach(target turing ada adreno730 apple)
  vidi_add_test(shaders.sid.${target} tests/shaders/sid.sh run ${target} $<TARGET_FILE:vidi_cli>)
endforeach()

set(SPILLING_DIR ${CMAKE_BINARY_DIR}/kernels_spilling)
vidi_generate_kernels(${SPILLING_DIR} tests/shaders/fixture)
# Its kernel table takes the place of the engine's.
add_executable(vidi_spilling tests/shaders/spilling.c ${SPILLING_DIR}/kernels.c)
target_link_libraries(vidi_spilling PRIVATE vidi_core)
vidi_add_test(shaders.selftest tests/on_driver.sh radv:navi21 tests/shaders/selftest.sh
              $<TARGET_FILE:vidi_spilling> ${VIDI_TEST_TMP})
