# The command line program: build/vidi, from engine/cli. Only the public headers, jansson, libedit and
# libc are used there.
pkg_check_modules(LIBEDIT REQUIRED IMPORTED_TARGET libedit)

file(GLOB VIDI_CLI_SOURCES CONFIGURE_DEPENDS engine/cli/*.c)
add_executable(vidi_cli ${VIDI_CLI_SOURCES})
set_target_properties(vidi_cli PROPERTIES OUTPUT_NAME vidi RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
target_compile_definitions(vidi_cli PRIVATE _DEFAULT_SOURCE) # POSIX and the types histedit.h uses
target_link_libraries(vidi_cli PRIVATE vidi_core PkgConfig::JANSSON PkgConfig::LIBEDIT m)

# The example of the API manual; the tests run it.
add_executable(example_ask examples/ask.c)
set_target_properties(example_ask PROPERTIES OUTPUT_NAME ask
                      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/examples)
target_link_libraries(example_ask PRIVATE vidi_core)
