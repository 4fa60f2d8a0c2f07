# Every kernel compiled by drivers for GPUs that are not here, held against budget.txt.
if(VIDI_SANITIZE)
  return() # the compiler under test is the driver's
endif()
set(STATS_SOURCE ${CMAKE_SOURCE_DIR}/tests/shaders/shader_stats.c)
add_executable(vidi_shader_stats ${STATS_SOURCE})
target_link_libraries(vidi_shader_stats PRIVATE vidi_kernels Vulkan::Vulkan)
foreach(family vega10 navi21 navi31 gfx1151)
  vidi_add_test(shaders.radv.${family} tests/on_driver.sh radv:${family}
                $<TARGET_FILE:vidi_shader_stats> ${family} tests/shaders/budget.txt)
endforeach()
vidi_add_test(shaders.sid tests/shaders/sid.sh run $<TARGET_FILE:vidi_shader_stats>)

set(SPILLING_DIR ${CMAKE_BINARY_DIR}/kernels_spilling)
vidi_generate_kernels(${SPILLING_DIR} tests/shaders/fixture)
add_executable(vidi_shader_stats_spilling ${STATS_SOURCE} ${SPILLING_DIR}/kernels.c)
target_include_directories(vidi_shader_stats_spilling PRIVATE ${SPILLING_DIR} engine/src
                           engine/include)
target_link_libraries(vidi_shader_stats_spilling PRIVATE Vulkan::Vulkan)
vidi_add_test(shaders.selftest tests/on_driver.sh radv:navi21 tests/shaders/selftest.sh
              $<TARGET_FILE:vidi_shader_stats_spilling> ${VIDI_TEST_TMP})
