# Programs that see tests/config/no_device.c in place of a device.
function(vidi_without_device target)
  foreach(call gpu_ctx gpu_caps gpu_buffer_new gpu_buffer_free gpu_buffer_bytes gpu_upload)
    target_link_options(${target} PRIVATE LINKER:--wrap=${call})
  endforeach()
endfunction()
