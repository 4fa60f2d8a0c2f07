include(tests/config/wraps.cmake)
if(CMOCKA_FOUND)
  vidi_without_device(test_config_keys)
endif()
