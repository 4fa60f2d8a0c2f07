# Moving pictures: vidi_source, from viewer/source. Without FFmpeg's libraries every source says so.
option(VIDI_VIDEO "cameras, screens and videos through FFmpeg's libraries" ON)
if(VIDI_VIDEO)
  pkg_check_modules(FFMPEG IMPORTED_TARGET libavdevice>=59 libavformat>=59 libavcodec>=59
                    libswscale>=6 libavutil>=57)
endif()

# The list of cameras needs none of them.
add_library(vidi_cameras STATIC viewer/source/cameras.c viewer/source/words.c viewer/source/still.c
            engine/src/io/kind.c) # the engine's list of signatures, without the engine
target_include_directories(vidi_cameras PUBLIC viewer PRIVATE engine/src)

file(GLOB VIDI_SOURCE_SOURCES CONFIGURE_DEPENDS viewer/source/*.c)
list(FILTER VIDI_SOURCE_SOURCES EXCLUDE REGEX "/(cameras|still|words)\\.c$")
if(FFMPEG_FOUND)
  list(FILTER VIDI_SOURCE_SOURCES EXCLUDE REGEX "/none\\.c$")
else()
  message(STATUS "vidi: no cameras and videos (libavdevice-dev is missing, or VIDI_VIDEO is off)")
  list(FILTER VIDI_SOURCE_SOURCES EXCLUDE REGEX "/(complaint|frame|input|mailbox|source)\\.c$")
endif()
add_library(vidi_source STATIC ${VIDI_SOURCE_SOURCES})
target_include_directories(vidi_source PUBLIC viewer)
target_link_libraries(vidi_source PUBLIC vidi_cameras Threads::Threads)
if(FFMPEG_FOUND)
  target_link_libraries(vidi_source PUBLIC PkgConfig::FFMPEG)
endif()
