# Moving pictures need FFmpeg's libraries; without them none of this is compiled.
foreach(stem mailbox spec cameras frame pixels clip cut ends live)
  if(NOT TARGET test_source_${stem})
    continue()
  endif()
  if(FFMPEG_FOUND)
    target_link_libraries(test_source_${stem} PRIVATE vidi_source)
  else()
    set_target_properties(test_source_${stem} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    vidi_test_properties(source.${stem} DISABLED TRUE)
  endif()
endforeach()

# What a build with VIDI_VIDEO off has instead: it links, whatever this build has.
if(CMOCKA_FOUND)
  add_executable(test_source_without tests/source/without/test_without.c viewer/source/none.c
                 viewer/source/spec.c viewer/source/states.c viewer/source/thumb.c)
  target_include_directories(test_source_without PRIVATE viewer)
  target_link_libraries(test_source_without PRIVATE vidi_cameras PkgConfig::CMOCKA)
  vidi_add_test(source.without test_source_without)
endif()
