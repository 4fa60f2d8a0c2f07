# kgen's rules and its cache by script; the contract it writes by a C program against tests/kgen/good.
foreach(script rules cache)
  vidi_add_test(kgen.${script} tests/kgen/${script}.sh $<TARGET_FILE:kgen> ${VIDI_TEST_TMP}
                ${VIDI_GLSLC})
endforeach()

set(KGEN_GOOD_DIR ${CMAKE_BINARY_DIR}/kernels_good)
vidi_generate_kernels(${KGEN_GOOD_DIR} tests/kgen/good)
if(CMOCKA_FOUND)
  add_executable(kgen_contract ${CMAKE_SOURCE_DIR}/tests/kgen/contract.c ${KGEN_GOOD_DIR}/kernels.c)
  target_include_directories(kgen_contract PRIVATE ${KGEN_GOOD_DIR} engine/src engine/include)
  target_link_libraries(kgen_contract PRIVATE PkgConfig::CMOCKA)
  vidi_add_test(kgen.contract kgen_contract)
endif()
