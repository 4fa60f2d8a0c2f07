# What shows after many times, by hand: tests/soak/long. A few rounds as a test keep it running.
add_executable(soak ${CMAKE_SOURCE_DIR}/tests/soak/soak.c)
target_link_libraries(soak PRIVATE vidi_core)
if(VIDI_EMBEDDED)
  foreach(what lives turns stops)
    vidi_add_test(soak.${what} soak ${what} 3)
  endforeach()
endif()
