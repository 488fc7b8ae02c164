/*
 * Put in front of the unmodified sources of tfjs-node-gpu's addon with `g++ -include`.
 *
 * The addon makes an eager context and keeps it to itself. Functions that we build have to be added to that very context,
 * so the call that makes it is wrapped: the pointer is kept and handed out, and a ConfigProto can be set before.
 */
#pragma once

#include <cstdlib>
#include <string>

#include "tensorflow/c/eager/c_api.h"

extern "C" {

__attribute__((visibility("default"), used)) inline TFE_Context** dreambooth_context_slot() {
  static TFE_Context* context = nullptr;
  return &context;
}

/* The context of this process; null before the addon is loaded. */
__attribute__((visibility("default"), used)) inline void* dreambooth_captured_context() {
  return *dreambooth_context_slot();
}

}

/* DREAMBOOTH_CONFIG_PROTO: a serialized tensorflow.ConfigProto in hexadecimal (memory limits, threads). */
static inline TFE_Context* dreambooth_new_context(TFE_ContextOptions* options, TF_Status* status) {
  if (const char* hex = std::getenv("DREAMBOOTH_CONFIG_PROTO")) {
    std::string bytes;
    for (const char* at = hex; at[0] != '\0' && at[1] != '\0'; at += 2) {
      const char digits[3] = {at[0], at[1], '\0'};
      bytes.push_back(static_cast<char>(std::strtol(digits, nullptr, 16)));
    }
    TFE_ContextOptionsSetConfig(options, bytes.data(), bytes.size(), status);
    if (TF_GetCode(status) != TF_OK) return nullptr;
  }
  TFE_Context* context = TFE_NewContext(options, status);
  *dreambooth_context_slot() = context;
  return context;
}

#define TFE_NewContext dreambooth_new_context
