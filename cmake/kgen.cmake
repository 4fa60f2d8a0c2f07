# vidi_generate_kernels(FOLDER SHADERS): FOLDER/kernels.h and FOLDER/kernels.c from the shaders of a
# folder of tests. The engine's own are in cmake/shaders.cmake.
function(vidi_generate_kernels folder shaders)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${shaders}/*.comp
       ${CMAKE_SOURCE_DIR}/${shaders}/*.glsl)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(
    OUTPUT ${folder}/kernels.c ${folder}/kernels.h
    COMMAND kgen --shaders ${shaders} --out ${folder} --glslc ${VIDI_GLSLC}
    COMMAND ${CMAKE_COMMAND} -E touch ${folder}/kernels.c ${folder}/kernels.h
    DEPENDS kgen ${sources}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    VERBATIM)
endfunction()
