# The tests of the viewer's parts that need no window.
foreach(stem engine_thread settings transcript app paths dialog choices gaps steer)
  if(TARGET test_viewer_${stem})
    target_link_libraries(test_viewer_${stem} PRIVATE vidi_app)
  endif()
endforeach()

if(TARGET test_viewer_gaps)
  target_sources(test_viewer_gaps PRIVATE viewer/window/gaps.c)
endif()

if(TARGET test_viewer_dialog)
  pkg_check_modules(GIO IMPORTED_TARGET gio-2.0)
  if(GIO_FOUND AND PORTAL_FOUND)
    target_link_libraries(test_viewer_dialog PRIVATE PkgConfig::GIO)
  else()
    set_target_properties(test_viewer_dialog PROPERTIES EXCLUDE_FROM_ALL ON)
    vidi_test_properties(viewer.dialog DISABLED ON)
  endif()
endif()

# The window, on a screen of its own.
if(TARGET vidi_view)
  add_executable(x_drop tests/viewer/window/x_drop.c)
  target_link_libraries(x_drop PRIVATE PkgConfig::X11)
  set(parts chat live failures keeps looks wayland)
  if(TARGET vidi_fault_layer)
    list(APPEND parts stop)
  endif()
  foreach(part ${parts})
    vidi_add_test(viewer.window_${part} tests/viewer/test_window_${part}.sh
                  $<TARGET_FILE:vidi_view> $<TARGET_FILE:x_drop>
                  $<$<TARGET_EXISTS:vidi_fault_layer>:${CMAKE_BINARY_DIR}/fault_layer>)
    vidi_test_properties(viewer.window_${part} RESOURCE_LOCK screen)
    vidi_test_environment(viewer.window_${part} VIDI_SANITIZED=$<BOOL:${VIDI_SANITIZE}>
                          LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/viewer/lsan.supp:print_suppressions=0)
  endforeach()
endif()
