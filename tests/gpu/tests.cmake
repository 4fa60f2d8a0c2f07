# The layer that makes Vulkan calls fail, and where test_gpu_fault finds it.
if(TARGET test_gpu_fault)
  set(fault_folder ${CMAKE_BINARY_DIR}/fault_layer)
  add_library(vidi_fault_layer MODULE tests/gpu/layer/fault_layer.c)
  target_link_libraries(vidi_fault_layer PRIVATE Vulkan::Headers)
  set_target_properties(vidi_fault_layer PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${fault_folder}
                                                    C_VISIBILITY_PRESET hidden)
  file(WRITE ${fault_folder}/VkLayer_vidi_fault.json
       "{\"file_format_version\": \"1.2.0\", \"layer\": {\"name\": \"VK_LAYER_VIDI_fault\",
 \"type\": \"GLOBAL\", \"library_path\": \"./vidi_fault_layer.so\", \"api_version\": \"1.3.0\",
 \"implementation_version\": \"1\", \"description\": \"makes chosen calls fail\"}}\n")
  target_compile_definitions(test_gpu_fault PRIVATE FAULT_FOLDER="${fault_folder}")
  target_link_libraries(test_gpu_fault PRIVATE ${CMAKE_DL_LIBS})
  vidi_test_properties(gpu.fault TIMEOUT 900)
  add_dependencies(test_gpu_fault vidi_fault_layer)
endif()
# A shader with a race in it, for test_gpu_canary.
if(TARGET test_gpu_canary)
  add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/race/race.inc
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/race
    COMMAND ${VIDI_GLSLC} --target-env=vulkan1.2 -mfmt=num -o ${CMAKE_BINARY_DIR}/race/race.inc
            ${CMAKE_SOURCE_DIR}/tests/gpu/race.comp
    DEPENDS tests/gpu/race.comp
    VERBATIM)
  target_sources(test_gpu_canary PRIVATE ${CMAKE_BINARY_DIR}/race/race.inc)
  target_include_directories(test_gpu_canary PRIVATE ${CMAKE_BINARY_DIR}/race)
endif()

if(VIDI_SANITIZE AND CMOCKA_FOUND)
  vidi_test_environment(gpu.fault
                        LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_LIST_DIR}/lsan.supp:print_suppressions=0)
endif()
