# What the command line knows of hub repositories without the network.
foreach(stem choose spec)
  if(TARGET test_hub_${stem})
    target_sources(test_hub_${stem} PRIVATE ${CMAKE_SOURCE_DIR}/engine/cli/hub.c
                   ${CMAKE_SOURCE_DIR}/engine/cli/hub_choose.c)
    target_include_directories(test_hub_${stem} PRIVATE ${CMAKE_SOURCE_DIR}/engine/cli)
    target_compile_definitions(test_hub_${stem} PRIVATE _DEFAULT_SOURCE)
  endif()
endforeach()
if(TARGET test_hub_table)
  target_include_directories(test_hub_table PRIVATE ${CMAKE_SOURCE_DIR}/engine/cli)
  target_link_libraries(test_hub_table PRIVATE vidi_cli_parts)
endif()
