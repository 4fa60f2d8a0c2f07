"""First-token logits and greedy ids of SmolLM2 by transformers, from the dequantised GGUF."""
import json, sys
import numpy as np, torch, gguf
from transformers import LlamaConfig, LlamaForCausalLM
r=gguf.GGUFReader('SmolLM2-135M-Instruct.Q4_1.gguf')
T={t.name: torch.from_numpy(gguf.dequantize(t.data,t.tensor_type).astype(np.float32).copy()) for t in r.tensors}
g=lambda k: r.fields[k].parts[r.fields[k].data[0]][0].item()
L,H,K,D=[g('llama.'+k) for k in ('block_count','attention.head_count','attention.head_count_kv','embedding_length')]
c=LlamaConfig(vocab_size=T['token_embd.weight'].shape[0],hidden_size=D,intermediate_size=g('llama.feed_forward_length'),num_hidden_layers=L,num_attention_heads=H,num_key_value_heads=K,rms_norm_eps=g('llama.attention.layer_norm_rms_epsilon'),rope_theta=g('llama.rope.freq_base'),tie_word_embeddings=True,max_position_embeddings=2048)
print(c.rope_theta if hasattr(c,'rope_theta') else c.rope_parameters)
m=LlamaForCausalLM(c).eval()
def un(w,n): return w.reshape(n,w.shape[0]//n//2,2,-1).swapaxes(1,2).reshape(w.shape)
sd={'model.embed_tokens.weight':T['token_embd.weight'],'lm_head.weight':T['token_embd.weight'],'model.norm.weight':T['output_norm.weight']}
for i in range(L):
    p,q=f'blk.{i}.',f'model.layers.{i}.'
    for a,b in (('attn_norm','input_layernorm'),('ffn_norm','post_attention_layernorm'),('attn_v','self_attn.v_proj'),('attn_output','self_attn.o_proj'),('ffn_gate','mlp.gate_proj'),('ffn_up','mlp.up_proj'),('ffn_down','mlp.down_proj')): sd[q+b+'.weight']=T[p+a+'.weight']
    sd[q+'self_attn.q_proj.weight']=un(T[p+'attn_q.weight'],H); sd[q+'self_attn.k_proj.weight']=un(T[p+'attn_k.weight'],K)
m.load_state_dict(sd)
ids=json.load(open('ids.json'))
with torch.no_grad():
    out=m(torch.tensor([ids])).logits[0,-1]
    gen=m.generate(torch.tensor([ids]),max_new_tokens=16,do_sample=False)[0,len(ids):]
np.save('logits.npy',out.numpy().astype('<f4')); np.save('answer.npy',gen.numpy().astype('<i4'))
print(out.topk(3), gen)
