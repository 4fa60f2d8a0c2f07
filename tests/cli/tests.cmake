# The command line program: one bash file a theme, run against the built binary. json_get is their
# reader of JSON, so that none need be installed.
find_program(VIDI_BASH bash REQUIRED)

add_executable(json_get ${CMAKE_SOURCE_DIR}/tests/cli/json_get.c)
target_link_libraries(json_get PRIVATE PkgConfig::JANSSON)

add_executable(peak ${CMAKE_SOURCE_DIR}/tests/cli/peak.c)

# It is loaded before a sanitizer's own parts and has none of them.
add_library(bad_folder MODULE ${CMAKE_SOURCE_DIR}/tests/cli/bad_folder.c)
set_target_properties(bad_folder PROPERTIES COMPILE_OPTIONS "" LINK_OPTIONS "")
target_link_libraries(bad_folder PRIVATE ${CMAKE_DL_LIBS})

file(GLOB VIDI_CLI_TESTS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/cli/test_*.sh)
foreach(script ${VIDI_CLI_TESTS})
  get_filename_component(stem ${script} NAME_WE)
  string(REGEX REPLACE "^test_" "" stem ${stem})
  vidi_add_test(cli.${stem} ${VIDI_BASH} ${script})
  vidi_test_environment(cli.${stem} VIDI=$<TARGET_FILE:vidi_cli> JSON_GET=$<TARGET_FILE:json_get>
                        EXAMPLE=$<TARGET_FILE:example_ask> CC=${CMAKE_C_COMPILER})
endforeach()
vidi_test_environment(cli.bad_folder BAD_FOLDER_LIBRARY=$<TARGET_FILE:bad_folder>)
if(CMOCKA_FOUND) # tests/gpu makes the layer with its tests
  foreach(stem chat fault interrupt)
    vidi_test_environment(cli.${stem} FAULT_FOLDER=${CMAKE_BINARY_DIR}/fault_layer)
  endforeach()
endif()
if(NOT VIDI_SANITIZE) # a sanitizer's memory is its own
  vidi_test_environment(cli.memory PEAK=$<TARGET_FILE:peak>)
endif()
if(VIDI_SANITIZE)
  vidi_test_environment(cli.install VIDI_LINK_FLAGS=-fsanitize=address,undefined)
endif()
