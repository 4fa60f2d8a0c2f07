# tests/fuzz/fuzz_<stem>.c: a libFuzzer target and a ctest fuzz.<stem> that runs it for some seconds
# from the corpus tests/fuzz/corpus/<stem>/. New finds stay in the build folder.
set(VIDI_FUZZ_SECONDS 20 CACHE STRING "seconds a fuzz target runs as a test")
target_compile_options(vidi_core PRIVATE -fsanitize=fuzzer-no-link)
file(GLOB VIDI_FUZZ_HELPERS CONFIGURE_DEPENDS tests/fuzz/*.c)
list(FILTER VIDI_FUZZ_HELPERS EXCLUDE REGEX "/fuzz_[^/]*\\.c$")
file(GLOB VIDI_FUZZ_SOURCES CONFIGURE_DEPENDS tests/fuzz/fuzz_*.c)
foreach(source ${VIDI_FUZZ_SOURCES})
  get_filename_component(target ${source} NAME_WE)
  string(REGEX REPLACE "^fuzz_" "" stem ${target})
  add_executable(${target} ${source} ${VIDI_FUZZ_HELPERS})
  target_include_directories(${target} PRIVATE tests/fuzz)
  target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${target} PRIVATE vidi_core)

  set(found ${CMAKE_BINARY_DIR}/fuzz/${stem})
  file(MAKE_DIRECTORY ${found})
  set(corpus tests/fuzz/corpus/${stem})
  if(NOT IS_DIRECTORY ${CMAKE_SOURCE_DIR}/${corpus})
    set(corpus "")
  endif()
  vidi_add_test(fuzz.${stem} ${target} -max_total_time=${VIDI_FUZZ_SECONDS} -timeout=10
                -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 -artifact_prefix=${found}/
                ${found} ${corpus})
endforeach()
