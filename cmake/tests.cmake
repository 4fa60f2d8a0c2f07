# Every tests/<area>/test_<stem>.c is a cmocka program test_<area>_<stem> and a ctest <area>.<stem>.
# Other .c files of an area are helpers, compiled into each of its programs. tests/<area>/tests.cmake
# is included too where there is one.
option(VIDI_FUZZ "build the libFuzzer targets of tests/fuzz (needs clang)" OFF)
set(VIDI_TEST_TIMEOUT 900 CACHE STRING "seconds a test may run")
set(VIDI_TEST_TMP ${CMAKE_BINARY_DIR}/tests_tmp)
file(MAKE_DIRECTORY ${VIDI_TEST_TMP})
pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)

include(cmake/kgen.cmake)

# Names of the sanitized build's tests say so: one ctest runs over both builds, and what it reads of a
# test's properties goes to every test of that name.
if(VIDI_SANITIZE)
  set(VIDI_TEST_PREFIX asan.)
endif()

# A test that may be skipped (77), runs from the repository's root, and has a limit.
function(vidi_add_test name)
  add_test(NAME ${VIDI_TEST_PREFIX}${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  vidi_test_properties(${name} SKIP_RETURN_CODE 77 TIMEOUT ${VIDI_TEST_TIMEOUT})
  vidi_test_environment(${name} VIDI_TEST_TMP=${VIDI_TEST_TMP})
endfunction()

function(vidi_test_properties name)
  set_tests_properties(${VIDI_TEST_PREFIX}${name} PROPERTIES ${ARGN})
endfunction()

function(vidi_test_environment name)
  set_property(TEST ${VIDI_TEST_PREFIX}${name} APPEND PROPERTY ENVIRONMENT ${ARGN})
endfunction()

function(vidi_add_area area)
  set(folder ${CMAKE_SOURCE_DIR}/tests/${area})
  file(GLOB tests CONFIGURE_DEPENDS ${folder}/test_*.c)
  file(GLOB helpers CONFIGURE_DEPENDS ${folder}/*.c)
  list(REMOVE_ITEM helpers ${tests} "")
  if(area STREQUAL "kernels") # its other files are the program check_kernels
    set(helpers "")
  endif()
  foreach(source ${tests})
    get_filename_component(stem ${source} NAME_WE)
    string(REGEX REPLACE "^test_" "" stem ${stem})
    add_executable(test_${area}_${stem} ${source} ${helpers})
    target_include_directories(test_${area}_${stem} PRIVATE ${folder} ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(test_${area}_${stem} PRIVATE vidi_core PkgConfig::CMOCKA)
    vidi_add_test(${area}.${stem} test_${area}_${stem})
  endforeach()
endfunction()

file(GLOB areas CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/tests tests/*)
foreach(area ${areas})
  if(NOT IS_DIRECTORY ${CMAKE_SOURCE_DIR}/tests/${area} OR area STREQUAL "fuzz")
    continue()
  endif()
  if(CMOCKA_FOUND)
    vidi_add_area(${area})
  endif()
  include(tests/${area}/tests.cmake OPTIONAL)
endforeach()
if(NOT CMOCKA_FOUND)
  message(WARNING "cmocka was not found (libcmocka-dev): its tests are not built")
endif()


# Every kernel variant against plain C, on two drivers: lavapipe keeps stray writes inside their
# buffers and so hides them, SwiftShader does not.
include(cmake/kernels_check.cmake)
set(kernel_drivers lavapipe swiftshader others)
set(kernel_order 1000) # starts first
if(VIDI_SANITIZE)
  set(kernel_drivers lavapipe) # for the harness and the engine; the shaders are the same
  set(kernel_order -1) # starts last: by then Mesa's cache holds the pipelines, slow to compile here
endif()
foreach(driver ${kernel_drivers})
  vidi_add_test(kernels.${driver} tests/on_driver.sh ${driver} tests/kernels_check.sh
                $<TARGET_FILE:check_kernels>)
  vidi_test_environment(kernels.${driver} VIDI=$<TARGET_FILE:vidi_cli>)
  vidi_test_properties(kernels.${driver} TIMEOUT 3600 COST ${kernel_order})
endforeach()

if(VIDI_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "VIDI_FUZZ needs clang: its fuzz targets use libFuzzer")
  endif()
  include(cmake/fuzz.cmake)
endif()
