# check_kernels: every kernel against its reference; tests/kernels/<op>.c is found by its stem.
file(GLOB CHECK_SOURCES CONFIGURE_DEPENDS tests/kernels/*.c)
list(FILTER CHECK_SOURCES EXCLUDE REGEX "/test_[^/]*$") # programs of their own
set(CHECK_GROUPS "/* generated: the groups of tests/kernels */\n")
foreach(source ${CHECK_SOURCES})
  get_filename_component(stem ${source} NAME_WE)
  if(NOT stem MATCHES "^check")
    string(APPEND CHECK_GROUPS "CHECK_GROUP(${stem})\n")
  endif()
endforeach()
set(CHECK_DIR ${CMAKE_BINARY_DIR}/kernels_check)
file(GENERATE OUTPUT ${CHECK_DIR}/check_groups.h CONTENT "${CHECK_GROUPS}")

add_executable(check_kernels ${CHECK_SOURCES})
target_include_directories(check_kernels PRIVATE tests/kernels ${CHECK_DIR})
target_link_libraries(check_kernels PRIVATE vidi_core)
