# vidi_kernels: kernels.h and kernels.c, written by the host tool kgen from shaders/.
add_executable(kgen engine/tools/kgen.c engine/tools/kgen_source.c engine/tools/kgen_compile.c
               engine/tools/kgen_reflect.c engine/tools/kgen_emit.c engine/src/base/arena.c
               engine/src/base/status.c)
target_include_directories(kgen PRIVATE engine/include engine/src)

file(GLOB_RECURSE VIDI_SHADERS CONFIGURE_DEPENDS shaders/*.comp shaders/*.glsl)
set(VIDI_KERNELS_DIR ${CMAKE_BINARY_DIR}/kernels)
file(MAKE_DIRECTORY ${VIDI_KERNELS_DIR})

# kgen leaves an unchanged file alone, so that editing a comment rebuilds nothing; the stamp is
# what the build compares.
add_custom_command(
  OUTPUT ${VIDI_KERNELS_DIR}/stamp
  BYPRODUCTS ${VIDI_KERNELS_DIR}/kernels.c ${VIDI_KERNELS_DIR}/kernels.h
  COMMAND kgen --shaders shaders --out ${VIDI_KERNELS_DIR} --glslc ${VIDI_GLSLC}
  COMMAND ${CMAKE_COMMAND} -E touch ${VIDI_KERNELS_DIR}/stamp
  DEPENDS kgen ${VIDI_SHADERS}
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
  COMMENT "kgen: shaders to kernels.h and kernels.c"
  VERBATIM)
add_custom_target(vidi_kernels_generated DEPENDS ${VIDI_KERNELS_DIR}/stamp)

set_source_files_properties(${VIDI_KERNELS_DIR}/kernels.c ${VIDI_KERNELS_DIR}/kernels.h
                            PROPERTIES GENERATED TRUE)
add_library(vidi_kernels STATIC ${VIDI_KERNELS_DIR}/kernels.c)
add_dependencies(vidi_kernels vidi_kernels_generated)
target_include_directories(vidi_kernels PUBLIC ${VIDI_KERNELS_DIR} engine/src engine/include)
