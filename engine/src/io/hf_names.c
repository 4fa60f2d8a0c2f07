/* hf_names.c - names of a folder's tensors -> names that the families ask for.
 *
 * A name is a prefix, which says the part of the model, and the rest, which a table turns into
 * ours; '#' stands for a layer's number in both. The rest ends in the kind, .weight or .bias. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/survive.h"
#include "io/hf_inside.h"

enum { NAME_MOST = 128 };

struct name {
    const char *from, *to; /* without the kind */
};

static const struct name text_names[] = {
    {"embed_tokens", "token_embd"},
    {"embed_tokens.additional_embedding", "token_embd_more"},
    {"norm", "output_norm"},
    {"layers.#.input_layernorm", "blk.#.attn_norm"},
    {"layers.#.self_attn.q_proj", "blk.#.attn_q"},
    {"layers.#.self_attn.k_proj", "blk.#.attn_k"},
    {"layers.#.self_attn.v_proj", "blk.#.attn_v"},
    {"layers.#.self_attn.qkv_proj", "blk.#.attn_qkv"},
    {"layers.#.self_attn.o_proj", "blk.#.attn_output"},
    {"layers.#.self_attn.q_norm", "blk.#.attn_q_norm"},
    {"layers.#.self_attn.k_norm", "blk.#.attn_k_norm"},
    {"layers.#.cross_attn.q_proj", "blk.#.attn_q"},
    {"layers.#.cross_attn.k_proj", "blk.#.attn_k"},
    {"layers.#.cross_attn.v_proj", "blk.#.attn_v"},
    {"layers.#.cross_attn.o_proj", "blk.#.attn_output"},
    {"layers.#.cross_attn.q_norm", "blk.#.attn_q_norm"},
    {"layers.#.cross_attn.k_norm", "blk.#.attn_k_norm"},
    {"layers.#.cross_attn_attn_gate", "blk.#.attn_gate.weight"},
    {"layers.#.cross_attn_mlp_gate", "blk.#.mlp_gate.weight"},
    {"layers.#.post_attention_layernorm", "blk.#.ffn_norm"},
    {"layers.#.pre_feedforward_layernorm", "blk.#.ffn_norm"},
    {"layers.#.post_feedforward_layernorm", "blk.#.post_ffw_norm"},
    {"layers.#.mlp.gate_proj", "blk.#.ffn_gate"},
    {"layers.#.mlp.up_proj", "blk.#.ffn_up"},
    {"layers.#.mlp.gate_up_proj", "blk.#.ffn_up"}, /* of Phi-3: gate's rows stand first */
    {"layers.#.mlp.down_proj", "blk.#.ffn_down"},
    {NULL, NULL},
};
static const struct name opt_names[] = {
    {"embed_tokens", "token_embd"},
    {"embed_positions", "position_embd"},
    {"final_layer_norm", "output_norm"},
    {"layers.#.self_attn_layer_norm", "blk.#.attn_norm"},
    {"layers.#.self_attn.q_proj", "blk.#.attn_q"},
    {"layers.#.self_attn.k_proj", "blk.#.attn_k"},
    {"layers.#.self_attn.v_proj", "blk.#.attn_v"},
    {"layers.#.self_attn.out_proj", "blk.#.attn_output"},
    {"layers.#.final_layer_norm", "blk.#.ffn_norm"},
    {"layers.#.fc1", "blk.#.ffn_up"},
    {"layers.#.fc2", "blk.#.ffn_down"},
    {NULL, NULL},
};
static const struct name head_names[] = {
    {"lm_head", "output"}, {"lm_head.additional_fc", "output_more"}, {NULL, NULL}};

static const struct name tower_names[] = {
    {"embeddings.patch_embedding", "v.patch_embd"},
    {"embeddings.position_embedding", "v.position_embd"},
    {"embeddings.class_embedding", "v.class_embd"},
    {"pre_layrnorm", "v.pre_ln"}, /* spelt so in every checkpoint of CLIP */
    {"post_layernorm", "v.post_ln"},
    {"encoder.layers.#.layer_norm1", "v.blk.#.ln1"},
    {"encoder.layers.#.layer_norm2", "v.blk.#.ln2"},
    {"encoder.layers.#.self_attn.qkv", "v.blk.#.attn_qkv"},
    {"encoder.layers.#.self_attn.projection", "v.blk.#.attn_out"},
    {"encoder.layers.#.self_attn.q_proj", "v.blk.#.attn_q"},
    {"encoder.layers.#.self_attn.k_proj", "v.blk.#.attn_k"},
    {"encoder.layers.#.self_attn.v_proj", "v.blk.#.attn_v"},
    {"encoder.layers.#.self_attn.out_proj", "v.blk.#.attn_out"},
    {"encoder.layers.#.mlp.fc1", "v.blk.#.ffn_up"},
    {"encoder.layers.#.mlp.fc2", "v.blk.#.ffn_down"},
    {NULL, NULL},
};
static const struct name qformer_names[] = {
    {"layernorm", "qf.norm"},
    {"encoder.layer.#.attention.attention.query", "qf.blk.#.attn_q"},
    {"encoder.layer.#.attention.attention.key", "qf.blk.#.attn_k"},
    {"encoder.layer.#.attention.attention.value", "qf.blk.#.attn_v"},
    {"encoder.layer.#.attention.output.dense", "qf.blk.#.attn_out"},
    {"encoder.layer.#.attention.output.LayerNorm", "qf.blk.#.attn_norm"},
    {"encoder.layer.#.crossattention.attention.query", "qf.blk.#.cross_q"},
    {"encoder.layer.#.crossattention.attention.key", "qf.blk.#.cross_k"},
    {"encoder.layer.#.crossattention.attention.value", "qf.blk.#.cross_v"},
    {"encoder.layer.#.crossattention.output.dense", "qf.blk.#.cross_out"},
    {"encoder.layer.#.crossattention.output.LayerNorm", "qf.blk.#.cross_norm"},
    {"encoder.layer.#.intermediate_query.dense", "qf.blk.#.ffn_up"},
    {"encoder.layer.#.output_query.dense", "qf.blk.#.ffn_down"},
    {"encoder.layer.#.output_query.LayerNorm", "qf.blk.#.ffn_norm"},
    {"encoder.layer.#.intermediate.dense", "qf.blk.#.text_up"},
    {"encoder.layer.#.output.dense", "qf.blk.#.text_down"},
    {"encoder.layer.#.output.LayerNorm", "qf.blk.#.text_norm"},
    {"embeddings.word_embeddings", "qf.token_embd"},
    {"embeddings.position_embeddings", "qf.position_embd"},
    {"embeddings.layernorm", "qf.norm"},
    {NULL, NULL},
};
static const struct name blip2_names[] = {
    {"query_tokens", "qf.queries"}, {"language_projection", "mm.fc"}, {NULL, NULL}};
static const struct name blip_names[] = {
    {"embeddings.word_embeddings", "token_embd"},
    {"embeddings.position_embeddings", "position_embd"},
    {"embeddings.LayerNorm", "token_norm"},
    {"encoder.layer.#.attention.self.query", "blk.#.attn_q"},
    {"encoder.layer.#.attention.self.key", "blk.#.attn_k"},
    {"encoder.layer.#.attention.self.value", "blk.#.attn_v"},
    {"encoder.layer.#.attention.output.dense", "blk.#.attn_output"},
    {"encoder.layer.#.attention.output.LayerNorm", "blk.#.attn_norm"},
    {"encoder.layer.#.crossattention.self.query", "blk.#.cross_q"},
    {"encoder.layer.#.crossattention.self.key", "blk.#.cross_k"},
    {"encoder.layer.#.crossattention.self.value", "blk.#.cross_v"},
    {"encoder.layer.#.crossattention.output.dense", "blk.#.cross_out"},
    {"encoder.layer.#.crossattention.output.LayerNorm", "blk.#.cross_norm"},
    {"encoder.layer.#.intermediate.dense", "blk.#.ffn_up"},
    {"encoder.layer.#.output.dense", "blk.#.ffn_down"},
    {"encoder.layer.#.output.LayerNorm", "blk.#.ffn_norm"},
    {NULL, NULL},
};
static const struct name blip_head_names[] = {{"transform.dense", "head"},
                                              {"transform.LayerNorm", "head_norm"},
                                              {"bias", "token_embd.bias"},
                                              {"decoder.bias", "token_embd.bias"},
                                              {NULL, NULL}};
static const struct name git_names[] = {
    {"embeddings.word_embeddings", "token_embd"},
    {"embeddings.position_embeddings", "position_embd"},
    {"embeddings.LayerNorm", "token_norm"},
    {"encoder.layer.#.attention.self.query", "blk.#.attn_q"},
    {"encoder.layer.#.attention.self.key", "blk.#.attn_k"},
    {"encoder.layer.#.attention.self.value", "blk.#.attn_v"},
    {"encoder.layer.#.attention.output.dense", "blk.#.attn_output"},
    {"encoder.layer.#.attention.output.LayerNorm", "blk.#.attn_norm"},
    {"encoder.layer.#.intermediate.dense", "blk.#.ffn_up"},
    {"encoder.layer.#.output.dense", "blk.#.ffn_down"},
    {"encoder.layer.#.output.LayerNorm", "blk.#.ffn_norm"},
    {NULL, NULL},
};
static const struct name git_head_names[] = {{"output", "output"}, {NULL, NULL}};
static const struct name git_eyes_names[] = {
    {"visual_projection.0", "mm.0"}, {"visual_projection.1", "mm.1"}, {NULL, NULL}};
static const struct name idefics3_names[] = {{"modality_projection.proj", "mm.model.fc"},
                                             {NULL, NULL}};
static const struct name idefics2_names[] = {
    {"modality_projection.gate_proj", "mm.gate"},
    {"modality_projection.up_proj", "mm.up"},
    {"modality_projection.down_proj", "mm.down"},
    {"perceiver_resampler.latents", "perceiver.latents"},
    {"perceiver_resampler.norm", "perceiver.post_ln"},
    {"perceiver_resampler.layers.#.input_latents_norm", "perceiver.#.ln_latents"},
    {"perceiver_resampler.layers.#.input_context_norm", "perceiver.#.ln_context"},
    {"perceiver_resampler.layers.#.self_attn.q_proj", "perceiver.#.attn_q"},
    {"perceiver_resampler.layers.#.self_attn.k_proj", "perceiver.#.attn_k"},
    {"perceiver_resampler.layers.#.self_attn.v_proj", "perceiver.#.attn_v"},
    {"perceiver_resampler.layers.#.self_attn.o_proj", "perceiver.#.attn_out"},
    {"perceiver_resampler.layers.#.post_attention_layernorm", "perceiver.#.ln_ffn"},
    {"perceiver_resampler.layers.#.mlp.gate_proj", "perceiver.#.ffn_gate"},
    {"perceiver_resampler.layers.#.mlp.up_proj", "perceiver.#.ffn_up"},
    {"perceiver_resampler.layers.#.mlp.down_proj", "perceiver.#.ffn_down"},
    {NULL, NULL},
};
static const struct name intern_names[] = {
    {"embeddings.patch_embeddings.projection", "v.patch_embd"},
    {"embeddings.position_embeddings", "v.position_embd.weight"},
    {"embeddings.cls_token", "v.class_embd"},
    {"encoder.layer.#.layernorm_before", "v.blk.#.ln1"},
    {"encoder.layer.#.layernorm_after", "v.blk.#.ln2"},
    {"encoder.layer.#.attention.q_proj", "v.blk.#.attn_q"},
    {"encoder.layer.#.attention.k_proj", "v.blk.#.attn_k"},
    {"encoder.layer.#.attention.v_proj", "v.blk.#.attn_v"},
    {"encoder.layer.#.attention.projection_layer", "v.blk.#.attn_out"},
    {"encoder.layer.#.lambda_1", "v.blk.#.ls1.weight"},
    {"encoder.layer.#.lambda_2", "v.blk.#.ls2.weight"},
    {"encoder.layer.#.mlp.fc1", "v.blk.#.ffn_up"},
    {"encoder.layer.#.mlp.fc2", "v.blk.#.ffn_down"},
    {NULL, NULL},
};
static const struct name intern_mlp_names[] = {{"layer_norm", "mm.model.mlp.0"},
                                               {"linear_1", "mm.model.mlp.1"},
                                               {"linear_2", "mm.model.mlp.3"},
                                               {NULL, NULL}};
static const struct name idefics_ask_names[] = {
    {"#.input_layernorm", "ask.#.attn_norm"},
    {"#.cross_attn.q_proj", "ask.#.attn_q"},
    {"#.cross_attn.k_proj", "ask.#.attn_k"},
    {"#.cross_attn.v_proj", "ask.#.attn_v"},
    {"#.cross_attn.o_proj", "ask.#.attn_output"},
    {"#.cross_attn.q_layer_norm", "ask.#.attn_q_norm"},
    {"#.cross_attn.k_layer_norm", "ask.#.attn_k_norm"},
    {"#.post_attention_layernorm", "ask.#.ffn_norm"},
    {"#.mlp.gate_proj", "ask.#.ffn_gate"},
    {"#.mlp.up_proj", "ask.#.ffn_up"},
    {"#.mlp.down_proj", "ask.#.ffn_down"},
    {"#.alpha_cross_attn", "ask.#.attn_gate.weight"},
    {"#.alpha_dense", "ask.#.mlp_gate.weight"},
    {NULL, NULL},
};
static const struct name idefics_names[] = {
    {"latents", "perceiver.latents"},
    {"layer_norm", "perceiver.post_ln"},
    {"blocks.#.0.context_layer_norm", "perceiver.#.ln_context"},
    {"blocks.#.0.latents_layer_norm", "perceiver.#.ln_latents"},
    {"blocks.#.0.q_layer_norm", "perceiver.#.attn_q_norm"},
    {"blocks.#.0.k_layer_norm", "perceiver.#.attn_k_norm"},
    {"blocks.#.0.q_proj", "perceiver.#.attn_q"},
    {"blocks.#.0.k_proj", "perceiver.#.attn_k"},
    {"blocks.#.0.v_proj", "perceiver.#.attn_v"},
    {"blocks.#.0.output_proj", "perceiver.#.attn_out"},
    {"blocks.#.1.ln", "perceiver.#.ln_ffn"},
    {"blocks.#.1.fc", "perceiver.#.ffn_up"},
    {"blocks.#.1.c_proj", "perceiver.#.ffn_down"},
    {NULL, NULL},
};
static const struct name kosmos2_names[] = {
    {"embed_tokens", "token_embd"},
    {"layer_norm", "output_norm"},
    {"layers.#.self_attn_layer_norm", "blk.#.attn_norm"},
    {"layers.#.self_attn.q_proj", "blk.#.attn_q"},
    {"layers.#.self_attn.k_proj", "blk.#.attn_k"},
    {"layers.#.self_attn.v_proj", "blk.#.attn_v"},
    {"layers.#.self_attn.inner_attn_ln", "blk.#.attn_sub_norm"},
    {"layers.#.self_attn.out_proj", "blk.#.attn_output"},
    {"layers.#.final_layer_norm", "blk.#.ffn_norm"},
    {"layers.#.ffn.fc1", "blk.#.ffn_up"},
    {"layers.#.ffn.ffn_layernorm", "blk.#.ffn_sub_norm"},
    {"layers.#.ffn.fc2", "blk.#.ffn_down"},
    {NULL, NULL},
};
static const struct name kosmos2_eyes_names[] = {
    {"dense", "mm.dense"},
    {"latent_query", "mm.latents"},
    {"x_attn.q_proj", "mm.attn_q"},
    {"x_attn.k_proj", "mm.attn_k"},
    {"x_attn.v_proj", "mm.attn_v"},
    {"x_attn.out_proj", "mm.attn_out"},
    {NULL, NULL},
};
static const struct name gemma3_names[] = {
    {"mm_input_projection_weight", "mm.input_projection.weight"},
    {"mm_soft_emb_norm", "mm.soft_emb_norm"},
    {NULL, NULL},
};
static const struct name minicpmv_names[] = {
    {"query", "resampler.query"},
    {"proj", "resampler.proj.weight"},
    {"kv_proj", "resampler.kv"},
    {"attn.in_proj_weight", "resampler.attn.in.weight"},
    {"attn.in_proj_bias", "resampler.attn.in.bias"},
    {"attn.out_proj", "resampler.attn.out"},
    {"ln_q", "resampler.ln_q"},
    {"ln_kv", "resampler.ln_kv"},
    {"ln_post", "resampler.ln_post"},
    {NULL, NULL},
};
static const struct name owl2_text_names[] = {
    {"layers.#.input_layernorm.multiway.0", "blk.#.attn_norm"},
    {"layers.#.input_layernorm.multiway.1", "blk.#.attn_norm_picture"},
    {"layers.#.self_attn.k_proj.multiway.0", "blk.#.attn_k"},
    {"layers.#.self_attn.k_proj.multiway.1", "blk.#.attn_k_picture"},
    {"layers.#.self_attn.v_proj.multiway.0", "blk.#.attn_v"},
    {"layers.#.self_attn.v_proj.multiway.1", "blk.#.attn_v_picture"},
    {"layers.#.post_attention_layernorm.multiway.0", "blk.#.ffn_norm"},
    {"layers.#.post_attention_layernorm.multiway.1", "blk.#.ffn_norm_picture"},
    {NULL, NULL},
};
static const struct name owl2_tower_names[] = {
    {"embeddings.cls_token", "v.class_embd"},
    {"embeddings.patch_embed", "v.patch_embd"},
    {"embeddings.position_embedding", "v.position_embd.weight"},
    {"embeddings.pre_layernorm", "v.pre_ln"},
    {"post_layernorm", "v.post_ln"},
    {"encoder.layers.#.input_layernorm", "v.blk.#.ln1"},
    {"encoder.layers.#.self_attn.query_key_value", "v.blk.#.attn_qkv"},
    {"encoder.layers.#.self_attn.dense", "v.blk.#.attn_out"},
    {"encoder.layers.#.post_attention_layernorm", "v.blk.#.ln2"},
    {"encoder.layers.#.mlp.fc1", "v.blk.#.ffn_up"},
    {"encoder.layers.#.mlp.fc2", "v.blk.#.ffn_down"},
    {NULL, NULL},
};
#define ABSTRACTOR(from) "encoder.layers.#.crossattention." from
static const struct name owl2_names[] = {
    {"query_embeds", "perceiver.latents.weight"},
    {"visual_fc", "mm.fc"},
    {"vit_eos", "mm.end.weight"},
    {ABSTRACTOR("norm1"), "perceiver.#.ln_latents"},
    {ABSTRACTOR("normk"), "perceiver.#.ln_context"},
    {ABSTRACTOR("attention.q_pos_embed"), "perceiver.#.q_position_embd.weight"},
    {ABSTRACTOR("attention.k_pos_embed"), "perceiver.#.k_position_embd.weight"},
    {ABSTRACTOR("attention.query"), "perceiver.#.attn_q"},
    {ABSTRACTOR("attention.key"), "perceiver.#.attn_k"},
    {ABSTRACTOR("attention.value"), "perceiver.#.attn_v"},
    {ABSTRACTOR("output.out_proj"), "perceiver.#.attn_out"},
    {ABSTRACTOR("output.norm2"), "perceiver.#.ln_ffn"},
    {ABSTRACTOR("output.mlp.w1"), "perceiver.#.ffn_gate"},
    {ABSTRACTOR("output.mlp.w3"), "perceiver.#.ffn_up"},
    {ABSTRACTOR("output.mlp.ffn_ln"), "perceiver.#.ffn_sub_norm"},
    {ABSTRACTOR("output.mlp.w2"), "perceiver.#.ffn_down"},
    {NULL, NULL},
};
static const struct name qwenvl_names[] = {
    {"conv1", "v.patch_embd"},
    {"positional_embedding", "v.position_embd.weight"},
    {"ln_pre", "v.pre_ln"},
    {"transformer.resblocks.#.ln_1", "v.blk.#.ln1"},
    {"transformer.resblocks.#.ln_2", "v.blk.#.ln2"},
    {"transformer.resblocks.#.attn.in_proj", "v.blk.#.attn_qkv"},
    {"transformer.resblocks.#.attn.out_proj", "v.blk.#.attn_out"},
    {"transformer.resblocks.#.mlp.c_fc", "v.blk.#.ffn_up"},
    {"transformer.resblocks.#.mlp.c_proj", "v.blk.#.ffn_down"},
    {"attn_pool.query", "resampler.query"},
    {"attn_pool.pos_embed", "resampler.places.weight"},
    {"attn_pool.kv_proj", "resampler.kv"},
    {"attn_pool.attn.in_proj_weight", "resampler.attn.in.weight"},
    {"attn_pool.attn.in_proj_bias", "resampler.attn.in.bias"},
    {"attn_pool.attn.out_proj", "resampler.attn.out"},
    {"attn_pool.ln_q", "resampler.ln_q"},
    {"attn_pool.ln_kv", "resampler.ln_kv"},
    {"ln_post", "resampler.ln_post"},
    {"proj", "resampler.proj.weight"},
    {NULL, NULL},
};
static const struct name qwen1_names[] = {
    {"wte", "token_embd"},
    {"ln_f", "output_norm"},
    {"h.#.ln_1", "blk.#.attn_norm"},
    {"h.#.attn.c_attn", "blk.#.attn_qkv"},
    {"h.#.attn.c_proj", "blk.#.attn_output"},
    {"h.#.ln_2", "blk.#.ffn_norm"},
    {"h.#.mlp.w1", "blk.#.ffn_up"},
    {"h.#.mlp.w2", "blk.#.ffn_gate"}, /* of the two the one that silu is of */
    {"h.#.mlp.c_proj", "blk.#.ffn_down"},
    {NULL, NULL},
};
static const struct name paligemma_names[] = {{"linear", "mm.0"}, {NULL, NULL}};
static const struct name mpt_names[] = {
    {"wte", "token_embd"},
    {"norm_f", "output_norm"},
    {"ln_f", "output_norm"},
    {"blocks.#.norm_1", "blk.#.attn_norm"},
    {"blocks.#.ln_1", "blk.#.attn_norm"},
    {"blocks.#.attn.Wqkv", "blk.#.attn_qkv"},
    {"blocks.#.attn.q_ln", "blk.#.attn_q_norm"},
    {"blocks.#.attn.k_ln", "blk.#.attn_k_norm"},
    {"blocks.#.attn.out_proj", "blk.#.attn_output"},
    {"blocks.#.norm_2", "blk.#.ffn_norm"},
    {"blocks.#.ln_2", "blk.#.ffn_norm"},
    {"blocks.#.ffn.up_proj", "blk.#.ffn_up"},
    {"blocks.#.mlp.mlp_up", "blk.#.ffn_up"},
    {"blocks.#.ffn.down_proj", "blk.#.ffn_down"},
    {"blocks.#.mlp.mlp_down", "blk.#.ffn_down"},
    {NULL, NULL},
};
static const struct name flamingo_ask_names[] = {
    {"#.attn.norm", "ask.#.attn_norm"},
    {"#.attn.to_q", "ask.#.attn_q"},
    {"#.attn.to_k", "ask.#.attn_k"},
    {"#.attn.to_v", "ask.#.attn_v"},
    {"#.attn.to_out", "ask.#.attn_output"},
    {"#.attn_gate", "ask.#.attn_gate.weight"},
    {"#.ff.0", "ask.#.ffn_norm"},
    {"#.ff.1", "ask.#.ffn_up"},
    {"#.ff.3", "ask.#.ffn_down"},
    {"#.ff_gate", "ask.#.mlp_gate.weight"},
    {NULL, NULL},
};
static const struct name flamingo_names[] = {
    {"latents", "perceiver.latents"},
    {"norm", "perceiver.post_ln"},
    {"layers.#.0.norm_media", "perceiver.#.ln_context"},
    {"layers.#.0.norm_latents", "perceiver.#.ln_latents"},
    {"layers.#.0.to_q", "perceiver.#.attn_q"},
    {"layers.#.0.to_k", "perceiver.#.attn_k"},
    {"layers.#.0.to_v", "perceiver.#.attn_v"},
    {"layers.#.0.to_out", "perceiver.#.attn_out"},
    {"layers.#.1.0", "perceiver.#.ln_ffn"},
    {"layers.#.1.1", "perceiver.#.ffn_up"},
    {"layers.#.1.3", "perceiver.#.ffn_down"},
    {NULL, NULL},
};
#define MLLAMA_LAYER(from, to)                                                                \
    {from ".input_layernorm", to ".ln1"}, {from ".post_attention_layernorm", to ".ln2"},      \
        {from ".self_attn.q_proj", to ".attn_q"}, {from ".self_attn.k_proj", to ".attn_k"},   \
        {from ".self_attn.v_proj", to ".attn_v"}, {from ".self_attn.o_proj", to ".attn_out"}, \
        {from ".mlp.fc1", to ".ffn_up"}, {from ".mlp.fc2", to ".ffn_down"},                   \
        {from ".gate_attn", to ".attn_gate.weight"}, {                                        \
        from ".gate_ffn", to ".mlp_gate.weight"                                               \
    }
static const struct name mllama_names[] = {
    {"patch_embedding", "v.patch_embd"},
    {"class_embedding", "v.class_embd.weight"},
    {"gated_positional_embedding.embedding", "v.position_embd.weight"},
    {"gated_positional_embedding.gate", "v.position_gate.weight"},
    {"gated_positional_embedding.tile_embedding", "v.tile_position_embd"},
    {"pre_tile_positional_embedding.embedding", "v.pre_tile_position_embd"},
    {"pre_tile_positional_embedding.gate", "v.pre_tile_gate.weight"},
    {"post_tile_positional_embedding.embedding", "v.post_tile_position_embd"},
    {"post_tile_positional_embedding.gate", "v.post_tile_gate.weight"},
    {"layernorm_pre", "v.pre_ln"},
    {"layernorm_post", "v.post_ln"},
    MLLAMA_LAYER("transformer.layers.#", "v.blk.#"),
    MLLAMA_LAYER("global_transformer.layers.#", "v.global.#"),
    {NULL, NULL},
};
static const struct name mllama_mlp_names[] = {{"multi_modal_projector", "mm.0"}, {NULL, NULL}};
static const struct name llava_names[] = {{"linear_1", "mm.0"}, {"linear_2", "mm.2"}, {NULL, NULL}};
static const struct name qwen_names[] = {
    {"blocks.#.norm1", "v.blk.#.ln1"},
    {"blocks.#.norm2", "v.blk.#.ln2"},
    {"blocks.#.attn.qkv", "v.blk.#.attn_qkv"},
    {"blocks.#.attn.proj", "v.blk.#.attn_out"},
    {"blocks.#.mlp.fc1", "v.blk.#.ffn_up"},
    {"blocks.#.mlp.fc2", "v.blk.#.ffn_down"},
    {"blocks.#.mlp.gate_proj", "v.blk.#.ffn_gate"},
    {"blocks.#.mlp.up_proj", "v.blk.#.ffn_up"},
    {"blocks.#.mlp.down_proj", "v.blk.#.ffn_down"},
    {"merger.ln_q", "v.post_ln"},
    {"merger.mlp.0", "mm.0"},
    {"merger.mlp.2", "mm.2"},
    {"patch_embed.proj", "v.patch_embd"},
    {NULL, NULL},
};
static const struct name qwen3_names[] = {
    {"patch_embed.proj", "v.patch_embd"},
    {"pos_embed", "v.position_embd"},
    {"blocks.#.norm1", "v.blk.#.ln1"},
    {"blocks.#.norm2", "v.blk.#.ln2"},
    {"blocks.#.attn.qkv", "v.blk.#.attn_qkv"},
    {"blocks.#.attn.proj", "v.blk.#.attn_out"},
    {"blocks.#.mlp.linear_fc1", "v.blk.#.ffn_up"},
    {"blocks.#.mlp.linear_fc2", "v.blk.#.ffn_down"},
    {"merger.norm", "v.post_ln"},
    {"merger.linear_fc1", "mm.0"},
    {"merger.linear_fc2", "mm.2"},
    {"deepstack_merger_list.#.norm", "v.deepstack.#.norm"}, /* # here: which of the list */
    {"deepstack_merger_list.#.linear_fc1", "v.deepstack.#.fc1"},
    {"deepstack_merger_list.#.linear_fc2", "v.deepstack.#.fc2"},
    {NULL, NULL},
};
static const struct name newline_names[] = {{"image_newline", "model.image_newline"}, {NULL, NULL}};

/* Longer prefixes stand before those that they begin with. */
static const struct prefix {
    const char *text, *projector; /* of models with these eyes alone; NULL: of all */
    enum hf_part part;
    const struct name *names;
} prefixes[] = {
    {"model.text_model.", NULL, HF_TEXT, text_names},
    {"model.language_model.", NULL, HF_TEXT, text_names},
    {"language_model.model.decoder.", NULL, HF_TEXT, opt_names},
    {"language_model.model.", NULL, HF_TEXT, text_names},
    {"language_model.", NULL, HF_TEXT, head_names},
    {"model.vision_tower.", "internvl", HF_EYES, intern_names},
    {"vision_tower.", "internvl", HF_EYES, intern_names},
    {"model.multi_modal_projector.", "internvl", HF_EYES, intern_mlp_names},
    {"multi_modal_projector.", "internvl", HF_EYES, intern_mlp_names},
    {"text_model.model.", "kosmos2", HF_TEXT, kosmos2_names},
    {"text_model.", "kosmos2", HF_TEXT, head_names},
    {"vision_model.model.", "kosmos2", HF_EYES, tower_names},
    {"image_to_text_projection.", "kosmos2", HF_EYES, kosmos2_eyes_names},
    {"llm.model.", "resampler", HF_TEXT, text_names},
    {"llm.", "resampler", HF_TEXT, head_names},
    {"vpm.", "resampler", HF_EYES, tower_names},
    {"resampler.", "resampler", HF_EYES, minicpmv_names},
    {"transformer.visual.", "qwenvl", HF_EYES, qwenvl_names},
    {"transformer.", NULL, HF_TEXT, mpt_names},
    {"transformer.", NULL, HF_TEXT, qwen1_names},
    {"gated_cross_attn_layers.", "flamingo", HF_TEXT, flamingo_ask_names},
    {"perceiver.", "flamingo", HF_EYES, flamingo_names},
    {"vision_model.", "flamingo", HF_EYES, tower_names},
    {"model.gated_cross_attn_layers.", "idefics", HF_TEXT, idefics_ask_names},
    {"model.perceiver_resampler.", "idefics", HF_EYES, idefics_names},
    {"model.vision_model.", "owl2", HF_EYES, owl2_tower_names},
    {"model.visual_abstractor.", "owl2", HF_EYES, owl2_names},
    {"model.", "owl2", HF_TEXT, owl2_text_names},
    {"model.vision_model.", "mllama", HF_EYES, mllama_names},
    {"vision_model.", "mllama", HF_EYES, mllama_names},
    {"model.", "mllama", HF_EYES, mllama_mlp_names},
    {"", "mllama", HF_EYES, mllama_mlp_names},
    {"model.vision_model.", NULL, HF_EYES, tower_names},
    {"model.vision_tower.vision_model.", NULL, HF_EYES, tower_names},
    {"model.vision_tower.", NULL, HF_EYES, tower_names},
    {"vision_tower.vision_model.", NULL, HF_EYES, tower_names},
    {"vision_tower.", NULL, HF_EYES, tower_names},
    {"model.connector.", "idefics3", HF_EYES, idefics3_names},
    {"model.connector.", "idefics2", HF_EYES, idefics2_names},
    {"model.multi_modal_projector.", "gemma3", HF_EYES, gemma3_names},
    {"multi_modal_projector.", "gemma3", HF_EYES, gemma3_names},
    {"model.multi_modal_projector.", "paligemma", HF_EYES, paligemma_names},
    {"multi_modal_projector.", "paligemma", HF_EYES, paligemma_names},
    {"model.multi_modal_projector.", "mlp", HF_EYES, llava_names},
    {"multi_modal_projector.", "mlp", HF_EYES, llava_names},
    {"model.visual.", "qwen3vl_merger", HF_EYES, qwen3_names},
    {"visual.", "qwen3vl_merger", HF_EYES, qwen3_names},
    {"model.visual.", NULL, HF_EYES, qwen_names},
    {"visual.", NULL, HF_EYES, qwen_names},
    {"model.", "mlp", HF_EYES, newline_names},
    {"", "mlp", HF_EYES, newline_names},
    {"vision_model.", "blip", HF_EYES, tower_names},
    {"text_decoder.bert.", "blip", HF_TEXT, blip_names},
    {"text_decoder.cls.predictions.", "blip", HF_TEXT, blip_head_names},
    {"vision_model.", "blip2", HF_EYES, tower_names},
    {"qformer.", "blip2", HF_EYES, qformer_names},
    {"", "blip2", HF_EYES, blip2_names},
    {"vision_model.", "instructblip", HF_EYES, tower_names},
    {"qformer.", "instructblip", HF_EYES, qformer_names},
    {"", "instructblip", HF_EYES, blip2_names},
    {"git.image_encoder.vision_model.", "git", HF_EYES, tower_names},
    {"git.visual_projection.", "git", HF_EYES, git_eyes_names},
    {"git.", "git", HF_TEXT, git_names},
    {"", "git", HF_TEXT, git_head_names},
    {"model.decoder.", NULL, HF_TEXT, opt_names},
    {"model.", NULL, HF_TEXT, text_names},
    {"", NULL, HF_TEXT, head_names},
};
enum { N_PREFIXES = sizeof prefixes / sizeof *prefixes };

static bool has_eyes(const struct hf *h, const char *projector) {
    return h->eyes && strcmp(h->eyes->projector, projector) == 0;
}

static bool holds_tensor(const struct hf *h, const char *name) {
    for (uint32_t i = 0; i < h->weights->n_shards; i++)
        for (uint32_t k = 0; k < h->weights->shards[i].n_tensors; k++)
            if (strcmp(h->weights->shards[i].tensors[k].name, name) == 0) return true;
    return false;
}

/* What BLIP's head shares with other tensors and files may hold twice. */
static bool is_shared(const struct hf *h, const char *name) {
    static const char bias[] = "text_decoder.cls.predictions.bias",
                      weight[] = "text_decoder.cls.predictions.decoder.weight";
    if (!has_eyes(h, "blip")) return false;
    return strcmp(name, weight) == 0 ||
           (strcmp(name, "text_decoder.cls.predictions.decoder.bias") == 0 &&
            holds_tensor(h, bias));
}

/* Tables that older checkpoints keep and nothing reads, and CLIP's last norm, which is for the
 * class row alone. */
static bool is_left_over(const struct hf *h, const char *name) {
    static const char *const endings[] = {".rotary_emb.inv_freq", ".position_ids", ".masked_bias",
                                          ".attn.bias", "resampler.pos_embed"};
    const size_t n = strlen(name);
    const bool rows = has_eyes(h, "mlp") || has_eyes(h, "idefics") || has_eyes(h, "flamingo");
    if (rows && strstr(name, ".post_layernorm.")) return true;
    if (is_shared(h, name)) return true;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t m = strlen(endings[i]);
        if (n >= m && strcmp(name + n - m, endings[i]) == 0) return true;
    }
    return false;
}

static bool digit(char c) { return c >= '0' && c <= '9'; }

/* Whether the first `len` bytes are the pattern; the number that '#' stood for goes to `number`. */
static bool fits(const char *pattern, const char *name, size_t len, char number[12]) {
    const char *end = name + len;
    for (; *pattern; pattern++) {
        if (*pattern != '#') {
            if (name == end || *name++ != *pattern) return false;
            continue;
        }
        size_t n = 0;
        while (name < end && digit(*name) && n < 9) number[n++] = *name++;
        number[n] = 0;
        if (n == 0) return false;
    }
    return name == end;
}

static bool write_name(const char *to, const char *number, const char *kind, char out[NAME_MOST]) {
    const char *hash = strchr(to, '#');
    const int n =
        hash ? snprintf(out, NAME_MOST, "%.*s%s%s%s", (int)(hash - to), to, number, hash + 1, kind)
             : snprintf(out, NAME_MOST, "%s%s", to, kind);
    return n > 0 && n < NAME_MOST;
}

/* Our name; false: the table has none. */
static bool translate(const struct name *table, const char *name, char out[NAME_MOST]) {
    static const char *const kinds[] = {".weight", ".bias", ""};
    const size_t len = strlen(name);
    char number[12] = "";
    for (; table->from; table++)
        for (int k = 0; k < 3; k++) {
            const size_t tail = strlen(kinds[k]);
            if (len <= tail || strcmp(name + len - tail, kinds[k]) != 0) continue;
            if (fits(table->from, name, len - tail, number))
                return write_name(table->to, number, kinds[k], out);
        }
    return false;
}

static bool is_of(const struct prefix *p, const struct hf *h, const char *name) {
    if (strncmp(p->text, name, strlen(p->text)) != 0) return false;
    return !p->projector || has_eyes(h, p->projector);
}

static bool is_weight(const struct st_tensor *t) {
    return t->type == VD_F32 || t->type == VD_F16 || t->type == VD_BF16;
}

static bool readable(const struct st_tensor *t) {
    return t->n_dims <= 4 && t->bytes && is_weight(t);
}

/* A kernel over two frames of a video: [out][in][2][h][w] as two of [out][in][h][w]. */
static vidi_status add_frames(struct hf *h, const struct safetensors *file,
                              const struct st_tensor *t) {
    static const char *const names[] = {"v.patch_embd.weight", "v.patch_embd.weight.1"};
    const uint64_t half = t->dims[3] * t->dims[4] * vd_formats[t->type].bytes;
    const uint64_t planes = t->dims[0] * t->dims[1];
    if (t->dims[2] != 2 || t->bytes == 0)
        return vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                       "%.600s: tensor %.128s: is no kernel over two frames", file->path, t->name);
    for (int frame = 0; frame < 2; frame++) {
        unsigned char *to = arena_alloc(h->arena, planes, half);
        if (!to) return VIDI_E_MEMORY;
        bool whole = true;
        for (uint64_t i = 0; i < planes && whole; i++)
            whole = survive_copy(to + i * half,
                                 (const unsigned char *)t->data + (2 * i + (uint64_t)frame) * half,
                                 half);
        if (!whole)
            return vd_fail(h->ctx, VIDI_E_IO, "%.600s: tensor %.128s: cannot be read", file->path,
                           t->name);
        put_tensor(&h->put, names[frame],
                   &(struct gguf_tensor){.type = t->type,
                                         .gguf_type = vd_formats[t->type].gguf_id,
                                         .n_dims = 4,
                                         .dims = {t->dims[4], t->dims[3], t->dims[1], t->dims[0]},
                                         .data = to,
                                         .bytes = planes * half});
    }
    return VIDI_OK;
}

/* Columns d * n + k of the features, behind those of the last layer, become k * dim + d: each
 * feature in one piece. */
static void part_features(unsigned char *row, const unsigned char *from, uint64_t dim, uint64_t n,
                          size_t each) {
    memcpy(row, from, dim * each);
    for (uint64_t k = 0; k < n; k++)
        for (uint64_t d = 0; d < dim; d++)
            memcpy(row + (dim + k * dim + d) * each, from + (dim + d * n + k) * each, each);
}

/* Llama 3.2 Vision's projector, whose columns take turns among the layers that they read. */
static vidi_status add_features(struct hf *h, const struct safetensors *file,
                                const struct st_tensor *t, struct gguf_tensor *to) {
    const uint64_t dim = (uint64_t)json_integer_value(hf_get(h, h->sight, "hidden_size"));
    const size_t each = vd_formats[t->type].bytes;
    const uint64_t cols = t->dims[1], n = dim ? cols / dim - 1 : 0;
    if (!dim || cols < dim || cols % dim)
        return vd_fail(h->ctx, VIDI_E_FORMAT,
                       "%.600s: tensor %.128s: %llu columns are no multiple of hidden_size",
                       file->path, t->name, (unsigned long long)cols);
    unsigned char *all = arena_alloc(h->arena, t->bytes, 1),
                  *row = arena_alloc(h->arena, cols, each);
    if (!all || !row) return VIDI_E_MEMORY;
    for (uint64_t r = 0; r < t->dims[0]; r++) {
        if (!survive_copy(row, (const unsigned char *)t->data + r * cols * each, cols * each))
            return vd_fail(h->ctx, VIDI_E_IO, "%.600s: tensor %.128s: cannot be read", file->path,
                           t->name);
        part_features(all + r * cols * each, row, dim, n, each);
    }
    to->data = all;
    return VIDI_OK;
}

static void as_f32(enum vd_type type, const unsigned char *from, uint64_t n, float *to) {
    uint16_t half;
    if (type == VD_F32) memcpy(to, from, n * sizeof *to);
    for (uint64_t i = 0; type != VD_F32 && i < n; i++) {
        memcpy(&half, from + i * sizeof half, sizeof half);
        to[i] = type == VD_BF16 ? bf16_to_f32(half) : f16_to_f32(half);
    }
}

/* Numbers that are kept as what is added to 1, with it, as f32. */
static vidi_status add_one(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                           struct gguf_tensor *to) {
    const uint64_t n = t->dims[0];
    unsigned char *from = arena_alloc(h->arena, t->bytes, 1);
    float *numbers = arena_new(h->arena, float, n);
    if (!from || !numbers) return VIDI_E_MEMORY;
    if (!survive_copy(from, t->data, t->bytes))
        return vd_fail(h->ctx, VIDI_E_IO, "%.600s: tensor %.128s: cannot be read", file->path,
                       t->name);
    as_f32(t->type, from, n, numbers);
    for (uint64_t i = 0; i < n; i++) numbers[i] += 1;
    to->type = VD_F32;
    to->gguf_type = vd_formats[VD_F32].gguf_id;
    to->data = numbers;
    to->bytes = n * sizeof *numbers;
    return VIDI_OK;
}

static vidi_status add(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                       const char *name) {
    struct gguf_tensor to = {.type = t->type, .data = t->data, .bytes = t->bytes};
    if (t->n_dims == 5 && strcmp(name, "v.patch_embd.weight") == 0 && is_weight(t))
        return add_frames(h, file, t);
    if (t->n_dims > 4)
        return vd_fail(h->ctx, VIDI_E_UNSUPPORTED, "%.600s: tensor %.128s: has %u dimensions",
                       file->path, t->name, t->n_dims);
    if (!is_weight(t))
        return vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                       "%.600s: tensor %.128s: weights of dtype %s are not supported (F32, F16 and "
                       "BF16 are)",
                       file->path, t->name, t->dtype);
    vidi_status status = VIDI_OK;
    if (hf_minicpmv_tensor(h, file, t, name, &status)) return status;
    if (hf_heads_tensor(h, file, t, name, &status)) return status;
    if (hf_qwen_tensor(h, file, t, name, &status)) return status;
    to.n_dims = t->n_dims ? t->n_dims : 1;
    to.gguf_type = vd_formats[t->type].gguf_id;
    for (uint32_t i = 0; i < 4; i++) to.dims[i] = i < t->n_dims ? t->dims[t->n_dims - 1 - i] : 1;
    for (uint32_t i = 0; i < 4; i++)
        if (to.dims[i] == 0)
            return vd_fail(h->ctx, VIDI_E_FORMAT, "%.600s: tensor %.128s: is empty", file->path,
                           t->name);
    if (has_eyes(h, "mllama") && strcmp(name, "mm.0.weight") == 0 && t->n_dims == 2)
        TRY(add_features(h, file, t, &to));
    if (t->n_dims == 1 && hf_gemma_norm(h, name)) TRY(add_one(h, file, t, &to));
    put_tensor(&h->put, name, &to);
    return VIDI_OK;
}

/* Ours are called by the layer that they stand behind, the checkpoint's by their place in a list.
 */
static void name_layer(const struct hf *h, char name[NAME_MOST]) {
    static const char start[] = "v.deepstack.";
    const size_t len = sizeof start - 1;
    char *rest;
    if (strncmp(name, start, len) != 0) return;
    const unsigned long place = strtoul(name + len, &rest, 10);
    const json_t *layers = hf_get(h, h->sight, "deepstack_visual_indexes");
    const json_t *layer = json_array_get(layers, place);
    char kept[NAME_MOST];
    if (!json_is_integer(layer)) return;
    snprintf(kept, sizeof kept, "%s", rest);
    snprintf(name, NAME_MOST, "%s%lld%.100s", start, (long long)json_integer_value(layer), kept);
}

/* The part that a tensor belongs to, and its name there; a name that no table has stays as it is,
 * so that the families can say what they miss beside what they do not use. */
static enum hf_part place(const struct hf *h, const char *name, bool *known, char out[NAME_MOST]) {
    *known = true;
    for (int i = 0; i < N_PREFIXES; i++)
        if (is_of(&prefixes[i], h, name) &&
            translate(prefixes[i].names, name + strlen(prefixes[i].text), out)) {
            name_layer(h, out);
            hf_gemma_name(h, name, out, NAME_MOST);
            return prefixes[i].part;
        }
    *known = false;
    snprintf(out, NAME_MOST, "%.127s", name);
    return HF_TEXT;
}

vidi_status hf_names(struct hf *h, enum hf_part part) {
    for (uint32_t i = 0; i < h->weights->n_shards; i++) {
        const struct safetensors *file = &h->weights->shards[i];
        for (uint32_t k = 0; k < file->n_tensors; k++) {
            const struct st_tensor *t = &file->tensors[k];
            char name[NAME_MOST];
            bool known;
            if (is_left_over(h, t->name) || place(h, t->name, &known, name) != part) continue;
            if (!known && !readable(t)) continue;
            TRY(add(h, file, t, name));
        }
    }
    return h->put.status;
}
