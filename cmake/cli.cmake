# The command line program: build/vidi, from engine/cli. Only the public headers, base/replace.h, base/json_cost.h,
# jansson, utf8proc, libedit, libc and, for fetching models, libcurl and OpenSSL are used there.
pkg_check_modules(LIBEDIT REQUIRED IMPORTED_TARGET libedit)

# Without these two the program fetches nothing and says so.
pkg_check_modules(CURL IMPORTED_TARGET libcurl>=7.85)
pkg_check_modules(CRYPTO IMPORTED_TARGET libcrypto)

file(GLOB VIDI_CLI_SOURCES CONFIGURE_DEPENDS engine/cli/*.c)
if(CURL_FOUND AND CRYPTO_FOUND)
  list(FILTER VIDI_CLI_SOURCES EXCLUDE REGEX "/hub_none\\.c$")
else()
  message(STATUS "vidi: no `pull` and `verify` (libcurl4-openssl-dev or libssl-dev is missing)")
  list(FILTER VIDI_CLI_SOURCES EXCLUDE REGEX "/hub_(blob|hash|http|picture|pull)\\.c$")
endif()
# All of it but what other programs have of their own, and what begins a program.
list(FILTER VIDI_CLI_SOURCES EXCLUDE REGEX "/(cmd_view|cmd_watch|main)\\.c$")
add_library(vidi_cli_parts STATIC ${VIDI_CLI_SOURCES})
target_compile_definitions(vidi_cli_parts PRIVATE _DEFAULT_SOURCE) # POSIX and the types histedit.h uses
target_link_libraries(vidi_cli_parts PUBLIC vidi_core vidi_cameras PkgConfig::JANSSON PkgConfig::LIBEDIT m)
if(CURL_FOUND AND CRYPTO_FOUND)
  target_link_libraries(vidi_cli_parts PUBLIC PkgConfig::CURL PkgConfig::CRYPTO)
endif()

add_executable(vidi_cli engine/cli/main.c engine/cli/cmd_view.c engine/cli/cmd_watch.c)
target_compile_definitions(vidi_cli PRIVATE _DEFAULT_SOURCE)
set_target_properties(vidi_cli PROPERTIES OUTPUT_NAME vidi RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
target_link_libraries(vidi_cli PRIVATE vidi_cli_parts)

# `watch` loads FFmpeg's libraries, which takes longer than an answer: a program of its own.
add_executable(vidi_watch engine/cli/main.c engine/cli/cmd_view.c viewer/watch/cmd_watch.c)
target_compile_definitions(vidi_watch PRIVATE _DEFAULT_SOURCE)
set_target_properties(vidi_watch PROPERTIES OUTPUT_NAME vidi-watch
                      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
target_link_libraries(vidi_watch PRIVATE vidi_cli_parts vidi_source)

# The example of the API manual; the tests run it.
add_executable(example_ask examples/ask.c)
set_target_properties(example_ask PROPERTIES OUTPUT_NAME ask
                      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/examples)
target_link_libraries(example_ask PRIVATE vidi_core)
