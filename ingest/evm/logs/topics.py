"""Event topics: keccak of the signature, with the contract each comes from.

Constants rather than computed at import; ``SIGNATURES`` lets a test derive every one of them anew.
"""

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
"""ERC-20 (EIP-20); ERC-721 shares it with an indexed id."""
TRANSFER_SINGLE = "0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62"
"""ERC-1155."""
TRANSFER_BATCH = "0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb"
DEPOSIT = "0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c"
"""WETH9."""
WITHDRAWAL = "0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65"
LOG_TRANSFER = "0xe6497e3ee548a3372136af2fcb0696db31fc6cf20260707645068bd3fe97f3c4"
"""Polygon MRC20 (0x…1010): every native movement."""

UNISWAP_V1_SELL = "0x7f4091b46c33e918a0f3aa42307641d17bb67029427a5369e54b353984238705"
"""Uniswap v1 exchange."""
UNISWAP_V1_BUY = "0xcd60aa75dea3072fbc07ae6d7d856b5dc5f4eee88854f5b4abf7b680ef8bc50f"
UNISWAP_V2_SWAP = "0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822"
"""UniswapV2Pair and forks; Solidly and Velodrome v1 pairs."""
SOLIDLY_SWAP = "0xb3e2773606abfd36b5bd91394b3a54d1398336c65005baf7bf7a05efeffaf75b"
"""Velodrome v2 and Aerodrome Pool."""
UNISWAP_V3_SWAP = "0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"
"""UniswapV3Pool and forks, Algebra, Slipstream."""
PANCAKE_V3_SWAP = "0x19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83"
"""PancakeV3Pool."""
ALGEBRA_SWAP = "0x121cb44ee54098b1a04743c487e7460d8dd429b27f88b1f4d4767396e1a59f79"
"""Algebra Integral 1.2 AlgebraPool."""
UNISWAP_V4_SWAP = "0x40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f"
"""Uniswap v4 PoolManager."""
PANCAKE_INFINITY_CL_SWAP = "0x04206ad2b7c0f463bff3dd4f33c5735b0f2957a351e4f79763a4fa9e775dd237"
"""PancakeSwap Infinity CLPoolManager."""
PANCAKE_INFINITY_BIN_SWAP = "0x3e8aae37f890eb1f9d63dd4d2062f3f0be757848a0f0760e4f3e53dad556e861"
"""PancakeSwap Infinity BinPoolManager."""
BALANCER_V2_SWAP = "0x2170c741c41531aec20e7c107c24eecfdd15e69c9bb0a8dd37b1840b9e0b207b"
"""Balancer v2 Vault."""
BALANCER_V3_SWAP = "0x0874b2d545cb271cdbda4e093020c452328b24af12382ed62c4d00f5c26709db"
"""Balancer v3 Vault; the GMX v1 Vault shares it, unindexed."""
BALANCER_V1_SWAP = "0x908fb5ee8f16c6bc9bc3690973819f32a4d4b10188134543c88706e0e1d43378"
"""Balancer v1 BPool."""

CURVE_EXCHANGE = "0x8b3e96f2b889fa771c53c981b40daf005f63f637f1869f707052d15a3dd97140"
"""Curve StableSwap."""
CURVE_EXCHANGE_UNDERLYING = "0xd013ca23e77a65003c2c659c5442c00c805371b7fc1ebd4c206c41d1536bd90b"
"""Curve StableSwap over lending tokens and metapools."""
CURVE_CRYPTO_EXCHANGE = "0xb2e76ae99761dc136e598d4a629bb347eccb9532a5f8bbd72e18467c3c34cc98"
"""Curve CryptoSwap (v2)."""
CURVE_NG_EXCHANGE = "0x143f1f8e861fbdeddd5b46e844b7d3ac7b86a122f36e8c463859ee6811b1f29c"
"""Curve TwoCrypto-NG and TriCrypto-NG."""
CURVE_ADD_2 = "0x26f55a85081d24974e85c6c00045d0f0453991e95873f52bff0d21af4079a768"
"""Curve StableSwap of two coins; three and four alike."""
CURVE_ADD_3 = "0x423f6495a08fc652425cf4ed0d1f9e37e571d9b9529b1c1c23cce780b2e7df0d"
CURVE_ADD_4 = "0x3f1915775e0c9a38a57a7bb7f1f9005f486fb904e1f84aa215364d567319a58d"
CURVE_ADD_CRYPTO_2 = "0x540ab385f9b5d450a27404172caade516b3ba3f4be88239ac56a2ad1de2a1f5a"
"""Curve CryptoSwap of two coins; three alike."""
CURVE_ADD_CRYPTO_3 = "0x96b486485420b963edd3fdec0b0195730035600feb7de6f544383d7950fa97ee"
CURVE_ADD_NG = "0x189c623b666b1b45b83d7178f39b8c087cb09774317ca2f53c2d3c3726f222a2"
"""Curve StableSwap-NG."""
CURVE_REMOVE_ONE_OLD = "0x9e96dd3b997a2a257eec4df9bb6eaf626e206df5f543bd963682d143300be310"
"""Curve StableSwap (first)."""
CURVE_REMOVE_ONE = "0x5ad056f2e28a8cec232015406b843668c1e36cda598127ec3b8c59b8c72773a0"
"""Curve StableSwap and CryptoSwap."""
CURVE_REMOVE_ONE_NG = "0x6f48129db1f37ccb9cc5dd7e119cb32750cabdf75b48375d730d26ce3659bbe1"
"""Curve StableSwap-NG."""
SADDLE_SWAP = "0xc6c1e0630dbe9130cc068028486c0d118ddcea348550819defd5cb8c257f8a38"
"""Saddle and forks (Synapse, Hop) Swap."""
MAVERICK_V1_SWAP = "0x3b841dc9ab51e3104bda4f61b41e4271192d22cd19da5ee6e292dc8e2744f713"
"""Maverick v1 Pool."""
MAVERICK_V2_SWAP = "0x103ed084e94a44c8f5f6ba8e3011507c41063177e29949083c439777d8d63f60"
"""Maverick v2 Pool."""
TRADER_JOE_LB_SWAP = "0xad7d6f97abf51ce18e17a38f4d70e975be9c0708474987bb3e26ad21bd93ca70"
"""Trader Joe Liquidity Book LBPair v2.1."""
WOOFI_SWAP = "0x0e8e403c2d36126272b08c75823e988381d9dc47f2f0a9a080d95f891d95c469"
"""WooPPV2."""
WOOFI_V1_SWAP = "0x74ef34e2ea7c5d9f7b7ed44e97ad44b4303416c3a660c3fb5b3bdb95a1d6abd3"
"""WooPP."""
DODO_SWAP = "0xc2c0245e056d5fb095f04cd6373bc770802ebd1e6c918eb78fdef843cdb37b0f"
"""DODO v2 pools (DVM, DPP, DSP, GSP)."""
RELAY_SWAPPED = "0x6782190c91d4a7e8ad2a867deed6ec0a970cab8ff137ae2bd4abd92b3810f4d3"
"""Pools that put the sender before the tokens."""
WOMBAT_SWAP = "0x7fa01e8d24e5a6ec56e00b4ff8ee7ed97e7650a7846ec494bbaa5d65f1be9ea4"
"""Wombat Pool; the tokens lie in its asset contracts."""
DODO_V1_SELL = "0xd8648b6ac54162763c86fd54bf2005af8ecd2f9cb273a5775921fd7f91e17b2d"
"""DODO v1 pool."""
DODO_V1_BUY = "0xe93ad76094f247c0dafc1c61adc2187de1ac2738f7a3b49cb20b2263420251a3"
IZUMI_SWAP = "0x0fe977d619f8172f7fdbe8bb8928ef80952817d96936509f67d66346bc4cd10f"
"""iZiSwapPool."""
KYBER_TRADE = "0x1849bd6a030a1bca28b83437fd3de96f3d27a5d172fa7e9c78e7b61468928a39"
"""Kyber Network proxy (legacy)."""
CLIPPER_SWAPPED = "0x4be05c8d54f5e056ab2cfa033e9f582057001268c3e28561bb999d35d2c8f2c8"
"""Clipper exchange."""
PSM3_SWAP = "0xdba43ee9916cb156cc32a5d3406e87341e568126a46815294073ba25c9400246"
"""Spark PSM3."""
MAKER_SELL_GEM = "0xef75f5a47cc9a929968796ceb84f19e7541617b4577f2c228ea95200e1572081"
"""MakerDAO peg stability modules; the stablecoin is minted or lies in the module."""
MAKER_BUY_GEM = "0x085d06ecf4c34b237767a31c0888e121d89546a77f186f1987c6b8715e1a8caa"
"""MakerDAO peg stability modules."""
HASHFLOW_TRADE = "0x8cf3dec1929508e5677d7db003124e74802bfba7250a572205a9986d86ca9f1e"
"""Hashflow pool (first)."""
HASHFLOW_TRADE_V2 = "0x34f57786fb01682fb4eec88d340387ef01a168fe345ea5b76f709d4e560c10eb"
"""Hashflow pool (with effective trader)."""
BANCOR_V3_TRADED = "0x5c02c2bb2d1d082317eb23916ca27b3e7c294398b60061a2ad54f1c3c018c318"
"""Bancor v3 BancorNetwork."""
BANCOR_CONVERSION = "0x7154b38b5dd31bb3122436a96d4e09aba5b323ae1fd580025fab55074334c095"
"""Bancor v2 BancorNetwork."""
CARBON_TRADED = "0x95f3b01351225fea0e69a46f68b164c9dea10284f12cd4a907ce66510ab7af6a"
"""Carbon CarbonController."""
FLUID_SWAP = "0xdc004dbca4ef9c966218431ee5d9133d337ad018dd5b5c5493722803f75c64f7"
"""Fluid DexT1."""
PENDLE_SWAP = "0x829000a5bc6a12d46e30cdcecd7c56b1efd88f6d7d059da6734a04f3764557c4"
"""Pendle market: PT against SY."""

COW_TRADE = "0xa07a543ab8a018198e99ca0184c93fe9050a79400a0a723441f84de1d972cc17"
"""GPv2Settlement."""
COW_ORDER_PLACEMENT = "0xcf5f9de2984132265203b5c335b25727702ca77262ff622e136baa7362bf1da9"
"""CoWSwapEthFlow: names who placed an order, and the whole order."""
ZEROEX_RFQ_FILLED = "0x829fa99d94dc4636925b38632e625736a614c154d55006b7ab6bea979c210c32"
"""0x v4 ExchangeProxy."""
ZEROEX_LIMIT_FILLED = "0xab614d2b738543c0ea21f56347cf696a3a0c42a7cbec3212a5ca22a4dcff2124"
ZEROEX_OTC_FILLED = "0xac75f773e3a92f1a02b12134d65e1f47f8a14eabe4eaf1e24624918e6a8b269f"
ZEROEX_META_TRANSACTION = "0x7f4fe3ff8ae440e1570c558da08440b26f89fb1c1f2910cd91ca6452955f121a"
"""0x v4 ExchangeProxy: names the signer."""
PARASWAP_RFQ_FILLED = "0x6621486d9c28838df4a87d2cca5007bc2aaf6a5b5de083b1db8faf709302c473"
"""AugustusRFQ."""
AIRSWAP_SWAP = "0xb651f2787ff61b5ab14f3936f2daebdad3d84aeb74438e82870cc3b7aee71e90"
"""AirSwap SwapERC20 v4."""
AIRSWAP_LIGHT_SWAP = "0x06dfeb25e76d44e08965b639a9d9307df8e1c3dbe2a6364194895e9c3992f033"  #: AirSwap Light v1 to v3
PANCAKE_MM_SWAP = "0xe7d6f812e1a54298ddef0b881cd08a4d452d9de35eb18b5145aa580fdda18b26"  #: PancakeSwap MM Pool
TOKENLON_FILL = "0x75d58426b26ab641a6a6a46f12fe35e17c570a1cd264c7248a73d90e3a8682ff"  #: Tokenlon v5 PMM and RFQ
TOKENLON_SWAPPED = "0xc36ae6e11a161c28ae95fc0f8c0f56d3d0fb7f3a3524499c53fb6733ed86764d"  #: Tokenlon v5 AMM
TOKENLON_RFQ = "0xf421ece6d047e3cc8f5953db3c6a3b01544fd3288d60bdb78643565d71d16332"  #: Tokenlon v6 RFQ
UNISWAPX_FILL = "0x78ad7ec0e9f89e74012afa58738b6b661c024cb0fd185ee2f616c0a28924bd66"
"""UniswapX reactors: names the swapper."""
ONEINCH_FILLED_V3 = "0xb9ed0243fdf00f0545c63a0af8850c090d86bb46682baec4bf3c496814fe4f02"
"""1inch limit order protocol v2 and v3 (router v5): names the maker."""
ONEINCH_FILLED = "0xfec331350fce78ba658e082a71da20ac9f8d798a99b3c79681c8440cbfe77e07"
"""1inch limit order protocol v4 (router v6): names only the order's hash."""
BEFORE_EXECUTION = "0xbb47ee3e183a558b1a2ff0874b079f3fc5478b7454eacf2bfc5af2ff5878f972"
"""ERC-4337 EntryPoint: the bundle's operations begin."""
USER_OPERATION = "0x49628fd1471006c1482da88028e9ce4dbb080b815c9b0344d39e5a8e6ec1419f"
"""ERC-4337 EntryPoint: names the account."""
SAFE_EXECUTED = "0x442e715f626346e8c54381002da614f62bee8d27386535b2521ec8540898556e"
"""Safe: emitted by the account itself when its owners' transaction ran."""
SAFE_MODULE_EXECUTED = "0x6895c13664aa4f67288b25d7a21d7aaa34916e355fb9b6fae0a139a9085becb8"
"""Safe: emitted by the account itself when a module that it enabled acted."""
LB_V20_SWAP = "0xc528cda9e500228b16ce84fadae290d9a49aecb17483110004c5af0a07f6fd73"
"""Trader Joe Liquidity Book LBPair v2.0."""
LFJ_POOL_SWAP = "0x8dd26a4822a76e398401aa447b8af55ff4361937425b6ea283078db878846cc7"
"""LFJ Token Mill and oracle pools."""
LFJ_POE_SWAP = "0x2de758023deffe992ccf5c05ebba228d559ae5f1f10aa82d0ace0722985a2d81"  #: LFJ POE pool
VALANTIS_SWAP = "0x176648f1f11cda284c124490086be42a926ddf0ae887ebe7b1d6b337d8942756"
"""Valantis SovereignPool."""
KYBER_DMM_SWAP = "0x606ecd02b3e3b4778f8e97b2e03351de14224efaa5fa64e62200afc9395c2499"
"""Kyber DMM (KyberSwap Classic) DMMPool."""
EULER_SWAP = "0x8337ab1cd063c6a0121e4b67ad00ec5640783101bb89ad879ffb0fe28b503e95"
"""EulerSwap v2; the tokens lie in Euler vaults."""
EULER_V1_SWAP = "0x4813b0ad1586a6c47f088a07b488c1eadc58e7e7a9c3f1a71b3f33c5379133aa"  #: EulerSwap v1
SADDLE_SWAP_UNDERLYING = "0x6617207207e397b41fc98016d8c9febb7223f44c355db66ad429730f2b950a60"
"""Saddle and Nerve metapools."""
PLATYPUS_SWAP = "0x54787c404bb33c88e86f4baf88183a3b0141d0a848e6a9f7a13b66ae3a9b73d1"
"""Platypus and Wombat v1 Pool; the tokens lie in asset contracts."""
MOONISWAP_SWAPPED_V1 = "0x86c49b5d8577da08444947f1427d23ef191cfabf2c0788f93324d79e926a9302"
"""Mooniswap (first)."""
MOONISWAP_SWAPPED = "0xbd99c6719f088aa0abd9e7b7a4a635d1f931601e9f304b538dc42be25d8c65c6"
"""Mooniswap, 1inch liquidity protocol."""
STABULL_TRADE = "0x887adc1b38cfb756ed025ea6acd9382fbd376ede6c34bc6fa738284b09275468"
"""Stabull Curve."""
DFX_TRADE = "0xec0d3e799aa270a144d7e3be084ccfc657450e33ecea1b1a4154c95cedaae5c3"  #: Shell v1 and DFX Curve
ANGLE_SWAP = "0x73adcdbf2d8fee0c1221daefef436a92c3c640e97ff2941e744bf5eef1ab346f"
"""Angle Transmuter: mints and burns its stablecoin."""
NABLA_SWAP = "0x1621cb2414b25cfb014ed2e1e8051310c0f691ac8d2ed92928e804595df0553b"
"""Nabla Router; the tokens lie in its swap pools."""
BANCOR_CONVERTER = "0x276856b36cbc45526a0ba64f44611557a2a8b68662c5388e9fe6d72e86e1c8cb"
"""Bancor v2.1 converter."""
BANCOR_CONVERTER_2018 = "0x431d62569d69247969ee24b65452f881ddcc12e42b7b71c324403449f870c0d3"  #: Bancor v1
GSM_BUY = "0x35b18eb91d0f8ce2968fdf81c1ed9ac429776c7260cdb8bf35c314564e714f66"
"""Aave GHO stability module."""
GSM_SELL = "0xefd9053c6d75eeb7635ae405072e58d5d1588e1ee0db5d212e6afcb529b975e3"
SYNTH_EXCHANGE = "0x65b6972c94204d84cffd3a95615743e31270f04fdf251f3dccc705cfbad44776"
"""Synthetix proxy: burns one synth, mints another."""
ELFOMO_TRADE = "0xbe65a3f1f381da16732df786f571604a72b7c122cff3ae2b355566ddf01e2528"
"""ElfomoFi."""
TESSERA_TRADE = "0x97ba0cd8ff13f074b3b1aeace7fa3bf7fe54bdf2d728b6a097e901073b2bad6a"
"""Tessera V."""
FERMI_SWAP = "0x58d77aee9b6d4a0709dc53a9b14e40fd6283c950843fced71fbb7639f1235ba4"  #: FermiSwap
FERMI_SWAPPED = "0x1eeaa4acf3c225a4033105c2647625dbb298dec93b14e16253c4231e26c02b1d"  #: FermiSwap (second)
SMARDEX_SWAP = "0xa4228e1eb11eb9b31069d9ed20e7af9a010ca1a02d4855cee54e08e188fcc32c"  #: SmardexPair
BROWNFI_V2_SWAP = "0x72362f8601a26e309bef1da8d6795550a593bd38f121bedcaf24be6e4b7c6bee"  #: BrownFi v2 pair
BROWNFI_V3_SWAP = "0x2b2a3235899b710d8c8736a97363ef9ece6c10d7f54ef0b1090117aff3b3928b"  #: BrownFi v3 pair
METRIC_SWAP = "0xcd8b75a7fb6cb82ab3acded68ac53af5c43d19b51a91b9d5640bb73622dbdf57"  #: Metric pool
METRIC_V1_SWAP = "0x87d25816ca01843f551b4caa5eea03b5173c84c383573c63081fb7575378276e"  #: Metric v1 pool
METRIC_V2_SWAP = "0x9734819749a91fc3be03ea83205f924ee08479bd3f0da48efc91d94d050cac1e"  #: Metric v2 pool
CROC_SWAP = "0x5d7a6c346454f5c536b7f52655e780f6db27b15b489f80f2dbb288c9e4f366bd"  #: Ambient CrocSwapDex
INTEGRAL_SELL = "0xb525cef4ce5cbb08f1007413a8c33d89044c5d60a4879574aad09e8ac72ef9ed"
"""Integral SIZE TwapRelayer."""
INTEGRAL_BUY = "0xe5364460056123e21ca8d65f12b1b426fe83d32784e657e16893548cf18c832b"
FOURMEME_BUY = "0x7db52723a3b2cdd6164364b3b766e65e540d7be48ffa89582956d8eaebe62942"
"""four.meme TokenManager2."""
FOURMEME_SELL = "0x0a5575b3648bae2210cee56bf33254cc1ddfbc7bf637c0af2ac18b14fb1bae19"
FLAP_BOUGHT = "0xa800a2038683844fac66747f771bfdfae862eb28b16bcfa387afa9fbacce8ff7"  #: Flap Portal
FLAP_SOLD = "0x03a4693e592f5e75dc7c136acb39b146d2b4966c0e509c34f362dee02b3b861a"  #: Flap Portal
NADFUN_BUY = "0x00a7ba871905cb955432583640b5c9fc6bdd27d36884ab2b5420839224638862"
"""nad.fun BondingCurve."""
NADFUN_SELL = "0x0eb25df0e2137de8ce042eeaf39080d25f0c8d451372c99db69a4c0a298d0fa1"
VIRTUALS_SWAP = "0x298c349c742327269dc8de6ad66687767310c948ea309df826f5bd103e19d207"
"""Virtuals FPair: agent token and VIRTUAL."""
OASIS_TAKE = "0x3383e3357c77fd2e3a4b30deea81179bc70a795d053d14d5b7f2f01d0fd4596f"
"""OasisDEX MatchingMarket, Rubicon (first)."""
RUBICON_TAKE = "0xab26582f2a01a3631091bb7dd3e17b455ec11fe059fd129cac490e377dcf1e0f"
"""Rubicon Market."""
ZEROEX_V1_FILL = "0x0d0b9391970d9a25552f37d436d2aae2925e2bfe1b2a923754bada030c498cb3"
"""0x v1 Exchange."""
ZEROEX_V2_FILL = "0x0bcc4c97732e47d9946f229edb95f5b6323f601300e4690de719993f3c371129"
"""0x v2 Exchange."""
ZEROEX_V3_FILL = "0x6869791f0a34781b29882982cc39e882768cf2c96995c2a110c577c53bc932d5"
"""0x v3 Exchange."""
NATIVE_RFQ = "0xc82975a4eae9f14416813a0bd7312edf547928cd25ae9b8597ee4c92fa6862d2"
"""Native v2 and v3."""
NATIVE_RFQ_OLD = "0x32f38ef2842789f9cd8fd5ae2497e7acfd3ca27d341fa0878305c3072b63a06d"
"""Native (first)."""
BEBOP_SINGLE = "0xca180a308256a6e9607c256dd145d700f18b1ee21e9bfa2919258b31a211bb8a"
"""Bebop JamSettlement."""
BEBOP_JAM = "0x9659aee63163c5924fca8de09494faaf9169aef36315127310d6e86596eb83dd"
BEBOP_ORDER = "0xadd7095becdaa725f0f33243630938c861b0bba83dfd217d4055701aa768ec2e"
"""Bebop BebopBlend (RFQ): tells no more than that an order was filled."""
DEXALOT_SWAP = "0xf37a3bd5c0f7f8527446af48a2a8fd5711deb58baa1a2747c3cb8dce6e9bb483"
"""Dexalot MainnetRFQ."""
ONEINCH_RFQ_FILLED = "0xc3b639f02b125bfa160e50739b8c44eb2d1b6908e2b6d5925c6d770f2ca78127"
"""1inch router v4 and v5."""

# Liquidity of pools: ``ingest.evm.movements.liquidity``.
SYNC = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
SOLIDLY_SYNC = "0xcf2aa50876cdfbb541206f89af0ee78d44a2abf8d328e37fa4917f982149848a"
V2_MINT = "0x4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f"
V2_BURN = "0xdccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496"
SOLIDLY_BURN = "0x5d624aa9c148153ab3446c1b154f660ee7701e549fe9b62dab7171b1c80e6fa2"
V3_MINT = "0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde"
V3_BURN = "0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c"
V4_MODIFY = "0xf208f4912782fd25c7f114ca3723a2d5dd6f3bcc3ac8db5af63baa85f711d5ec"

SIGNATURES = {
    TRANSFER: "Transfer(address,address,uint256)",
    TRANSFER_SINGLE: "TransferSingle(address,address,address,uint256,uint256)",
    TRANSFER_BATCH: "TransferBatch(address,address,address,uint256[],uint256[])",
    DEPOSIT: "Deposit(address,uint256)",
    WITHDRAWAL: "Withdrawal(address,uint256)",
    LOG_TRANSFER: "LogTransfer(address,address,address,uint256,uint256,uint256,uint256,uint256)",
    UNISWAP_V1_SELL: "EthPurchase(address,uint256,uint256)",
    UNISWAP_V1_BUY: "TokenPurchase(address,uint256,uint256)",
    UNISWAP_V2_SWAP: "Swap(address,uint256,uint256,uint256,uint256,address)",
    SOLIDLY_SWAP: "Swap(address,address,uint256,uint256,uint256,uint256)",
    UNISWAP_V3_SWAP: "Swap(address,address,int256,int256,uint160,uint128,int24)",
    PANCAKE_V3_SWAP: "Swap(address,address,int256,int256,uint160,uint128,int24,uint128,uint128)",
    ALGEBRA_SWAP: "Swap(address,address,int256,int256,uint160,uint128,int24,uint24,uint24)",
    UNISWAP_V4_SWAP: "Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)",
    PANCAKE_INFINITY_CL_SWAP: "Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24,uint16)",
    PANCAKE_INFINITY_BIN_SWAP: "Swap(bytes32,address,int128,int128,uint24,uint24,uint16)",
    BALANCER_V2_SWAP: "Swap(bytes32,address,address,uint256,uint256)",
    BALANCER_V3_SWAP: "Swap(address,address,address,uint256,uint256,uint256,uint256)",
    BALANCER_V1_SWAP: "LOG_SWAP(address,address,address,uint256,uint256)",
    CURVE_EXCHANGE: "TokenExchange(address,int128,uint256,int128,uint256)",
    CURVE_EXCHANGE_UNDERLYING: "TokenExchangeUnderlying(address,int128,uint256,int128,uint256)",
    CURVE_CRYPTO_EXCHANGE: "TokenExchange(address,uint256,uint256,uint256,uint256)",
    CURVE_NG_EXCHANGE: "TokenExchange(address,uint256,uint256,uint256,uint256,uint256,uint256)",
    CURVE_ADD_2: "AddLiquidity(address,uint256[2],uint256[2],uint256,uint256)",
    CURVE_ADD_3: "AddLiquidity(address,uint256[3],uint256[3],uint256,uint256)",
    CURVE_ADD_4: "AddLiquidity(address,uint256[4],uint256[4],uint256,uint256)",
    CURVE_ADD_CRYPTO_2: "AddLiquidity(address,uint256[2],uint256,uint256)",
    CURVE_ADD_CRYPTO_3: "AddLiquidity(address,uint256[3],uint256,uint256)",
    CURVE_ADD_NG: "AddLiquidity(address,uint256[],uint256[],uint256,uint256)",
    CURVE_REMOVE_ONE_OLD: "RemoveLiquidityOne(address,uint256,uint256)",
    CURVE_REMOVE_ONE: "RemoveLiquidityOne(address,uint256,uint256,uint256)",
    CURVE_REMOVE_ONE_NG: "RemoveLiquidityOne(address,int128,uint256,uint256,uint256)",
    SADDLE_SWAP: "TokenSwap(address,uint256,uint256,uint128,uint128)",
    MAVERICK_V1_SWAP: "Swap(address,address,bool,bool,uint256,uint256,int32)",
    MAVERICK_V2_SWAP: "PoolSwap(address,address,(uint256,bool,bool,int32),uint256,uint256)",
    TRADER_JOE_LB_SWAP: "Swap(address,address,uint24,bytes32,bytes32,uint24,bytes32,bytes32)",
    WOOFI_SWAP: "WooSwap(address,address,uint256,uint256,address,address,address,uint256,uint256)",
    WOOFI_V1_SWAP: "WooSwap(address,address,uint256,uint256,address,address,address)",
    DODO_SWAP: "DODOSwap(address,address,uint256,uint256,address,address)",
    RELAY_SWAPPED: "Swapped(address,address,address,uint256,uint256)",
    WOMBAT_SWAP: "SwapV2(address,address,address,uint256,uint256,uint256,address)",
    DODO_V1_SELL: "SellBaseToken(address,uint256,uint256)",
    DODO_V1_BUY: "BuyBaseToken(address,uint256,uint256)",
    IZUMI_SWAP: "Swap(address,address,uint24,bool,uint256,uint256,int24)",
    KYBER_TRADE: "ExecuteTrade(address,address,address,uint256,uint256)",
    CLIPPER_SWAPPED: "Swapped(address,address,address,uint256,uint256,bytes)",
    PSM3_SWAP: "Swap(address,address,address,address,uint256,uint256,uint256)",
    MAKER_SELL_GEM: "SellGem(address,uint256,uint256)",
    MAKER_BUY_GEM: "BuyGem(address,uint256,uint256)",
    HASHFLOW_TRADE: "Trade(address,bytes32,address,address,uint256,uint256)",
    HASHFLOW_TRADE_V2: "Trade(address,address,bytes32,address,address,uint256,uint256)",
    BANCOR_V3_TRADED: "TokensTraded(bytes32,address,address,uint256,uint256,uint256,uint256,uint256,address)",
    BANCOR_CONVERSION: "Conversion(address,address,address,uint256,uint256,address)",
    CARBON_TRADED: "TokensTraded(address,address,address,uint256,uint256,uint128,bool)",
    FLUID_SWAP: "Swap(bool,uint256,uint256,address)",
    PENDLE_SWAP: "Swap(address,address,int256,int256,uint256,uint256)",
    COW_TRADE: "Trade(address,address,address,uint256,uint256,uint256,bytes)",
    COW_ORDER_PLACEMENT: (
        "OrderPlacement(address,(address,address,address,uint256,uint256,uint32,bytes32,uint256,bytes32,bool,bytes32,"
        "bytes32),(uint8,bytes),bytes)"
    ),
    ZEROEX_RFQ_FILLED: "RfqOrderFilled(bytes32,address,address,address,address,uint128,uint128,bytes32)",
    ZEROEX_LIMIT_FILLED: (
        "LimitOrderFilled(bytes32,address,address,address,address,address,uint128,uint128,uint128,uint256,bytes32)"
    ),
    ZEROEX_OTC_FILLED: "OtcOrderFilled(bytes32,address,address,address,address,uint128,uint128)",
    ZEROEX_META_TRANSACTION: "MetaTransactionExecuted(bytes32,bytes4,address,address)",
    PARASWAP_RFQ_FILLED: "OrderFilled(bytes32,address,address,uint256,address,address,uint256)",
    AIRSWAP_SWAP: "SwapERC20(uint256,address,address,uint256,uint256,address,address,uint256)",
    AIRSWAP_LIGHT_SWAP: "Swap(uint256,uint256,address,address,uint256,uint256,address,address,uint256)",
    PANCAKE_MM_SWAP: "Swap(uint256,address,address,address,address,address,uint256,uint256)",
    TOKENLON_FILL: (
        "FillOrder(string,bytes32,bytes32,address,address,uint256,address,address,uint256,address,uint256,uint16)"
    ),
    TOKENLON_SWAPPED: (
        "Swapped((string,bytes32,uint256,uint256,uint16,uint16),(address,address,address,uint256,uint256,"
        "address,address,uint256,uint256))"
    ),
    TOKENLON_RFQ: "FilledRFQ(bytes32,address,address,address,uint256,address,uint256,address,uint256,uint256)",
    UNISWAPX_FILL: "Fill(bytes32,address,address,uint256)",
    ONEINCH_FILLED_V3: "OrderFilled(address,bytes32,uint256)",
    ONEINCH_FILLED: "OrderFilled(bytes32,uint256)",
    SAFE_EXECUTED: "ExecutionSuccess(bytes32,uint256)",
    SAFE_MODULE_EXECUTED: "ExecutionFromModuleSuccess(address)",
    BEFORE_EXECUTION: "BeforeExecution()",
    USER_OPERATION: "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)",
    LB_V20_SWAP: "Swap(address,address,uint256,bool,uint256,uint256,uint256,uint256)",
    LFJ_POOL_SWAP: "Swap(address,address,bool,uint256,uint256,uint256)",
    LFJ_POE_SWAP: "Swap(address,address,bool,uint256,uint256,uint256,uint256)",
    VALANTIS_SWAP: "Swap(address,bool,uint256,uint256,uint256)",
    KYBER_DMM_SWAP: "Swap(address,uint256,uint256,uint256,uint256,address,uint256)",
    EULER_SWAP: "Swap(address,uint256,uint256,uint256,uint256,uint256,uint256,uint112,uint112,address)",
    EULER_V1_SWAP: "Swap(address,uint256,uint256,uint256,uint256,uint112,uint112,address)",
    SADDLE_SWAP_UNDERLYING: "TokenSwapUnderlying(address,uint256,uint256,uint128,uint128)",
    PLATYPUS_SWAP: "Swap(address,address,address,uint256,uint256,address)",
    MOONISWAP_SWAPPED_V1: "Swapped(address,address,address,uint256,uint256,uint256,uint256,uint256,address)",
    MOONISWAP_SWAPPED: "Swapped(address,address,address,address,uint256,uint256,uint256,uint256,address)",
    STABULL_TRADE: "Trade(address,address,address,uint256,uint256,int128)",
    DFX_TRADE: "Trade(address,address,address,uint256,uint256)",
    ANGLE_SWAP: "Swap(address,address,uint256,uint256,address,address)",
    NABLA_SWAP: "Swap(address,uint256,uint256,address,address,address)",
    BANCOR_CONVERTER: "Conversion(address,address,address,uint256,uint256,int256)",
    BANCOR_CONVERTER_2018: "Conversion(address,address,address,uint256,uint256,uint256,uint256)",
    GSM_BUY: "BuyAsset(address,address,uint256,uint256,uint256)",
    GSM_SELL: "SellAsset(address,address,uint256,uint256,uint256)",
    SYNTH_EXCHANGE: "SynthExchange(address,bytes32,uint256,bytes32,uint256,address)",
    ELFOMO_TRADE: "ElfomoTrade(uint256,uint256,address,address,address,address,uint256,uint256)",
    TESSERA_TRADE: "TesseraTrade(address,address,uint256,uint256,address)",
    FERMI_SWAP: "FermiSwap(address,address,address,uint256,uint256)",
    FERMI_SWAPPED: "Swapped(address,address,address,uint256,uint256,address)",
    SMARDEX_SWAP: "Swap(address,address,int256,int256)",
    BROWNFI_V2_SWAP: "Swap(address,uint256,uint256,uint256,uint256,uint256,uint256,address)",
    BROWNFI_V3_SWAP: (
        "Swap(address,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,"
        "uint256,uint256,address)"
    ),
    METRIC_SWAP: "Swap(address,address,bool,int128,int128,int16,uint104)",
    METRIC_V1_SWAP: "Swap(address,address,bool,int256,int256,int8,uint104,uint256)",
    METRIC_V2_SWAP: "Swap(address,address,uint256,uint256,uint256)",
    CROC_SWAP: "CrocSwap(address,address,uint256,bool,bool,uint128,uint16,uint128,uint128,uint8,int128,int128)",
    INTEGRAL_SELL: "Sell(address,address,address,uint256,uint256,uint256,bool,uint256,address,address,uint256)",
    INTEGRAL_BUY: "Buy(address,address,address,uint256,uint256,uint256,bool,uint256,address,address,uint256)",
    FOURMEME_BUY: "TokenPurchase(address,address,uint256,uint256,uint256,uint256,uint256,uint256)",
    FOURMEME_SELL: "TokenSale(address,address,uint256,uint256,uint256,uint256,uint256,uint256)",
    FLAP_BOUGHT: "TokenBought(uint256,address,address,uint256,uint256,uint256,uint256)",
    FLAP_SOLD: "TokenSold(uint256,address,address,uint256,uint256,uint256,uint256)",
    NADFUN_BUY: "CurveBuy(address,address,uint256,uint256)",
    NADFUN_SELL: "CurveSell(address,address,uint256,uint256)",
    VIRTUALS_SWAP: "Swap(uint256,uint256,uint256,uint256)",
    OASIS_TAKE: "LogTake(bytes32,bytes32,address,address,address,address,uint128,uint128,uint64)",
    RUBICON_TAKE: "emitTake(bytes32,bytes32,address,address,address,address,uint128,uint128)",
    ZEROEX_V1_FILL: "LogFill(address,address,address,address,address,uint256,uint256,uint256,uint256,bytes32,bytes32)",
    ZEROEX_V2_FILL: "Fill(address,address,address,address,uint256,uint256,uint256,uint256,bytes32,bytes,bytes)",
    ZEROEX_V3_FILL: (
        "Fill(address,address,bytes,bytes,bytes,bytes,bytes32,address,address,uint256,uint256,uint256,uint256,uint256)"
    ),
    NATIVE_RFQ: "RFQTrade(address,address,address,uint256,uint256,bytes16,address)",
    NATIVE_RFQ_OLD: "RfqTrade(address,address,address,uint256,uint256,bytes16,address)",
    BEBOP_SINGLE: "BebopBlendSingleOrderFilled(uint128,address,address,address,uint256,uint256)",
    BEBOP_JAM: "BebopJamOrderFilled(uint256,address,address[],address[],uint256[],uint256[])",
    BEBOP_ORDER: "BebopOrder(uint128)",
    DEXALOT_SWAP: "SwapExecuted(uint256,address,address,address,address,uint256,uint256)",
    ONEINCH_RFQ_FILLED: "OrderFilledRFQ(bytes32,uint256)",
    SYNC: "Sync(uint112,uint112)",
    SOLIDLY_SYNC: "Sync(uint256,uint256)",
    V2_MINT: "Mint(address,uint256,uint256)",
    V2_BURN: "Burn(address,uint256,uint256,address)",
    SOLIDLY_BURN: "Burn(address,address,uint256,uint256)",
    V3_MINT: "Mint(address,address,int24,int24,uint128,uint256,uint256)",
    V3_BURN: "Burn(address,int24,int24,uint128,uint256,uint256)",
    V4_MODIFY: "ModifyLiquidity(bytes32,address,int24,int24,int256,bytes32)",
}
"""The signature of every topic of this file."""
