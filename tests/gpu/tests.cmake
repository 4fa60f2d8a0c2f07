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
